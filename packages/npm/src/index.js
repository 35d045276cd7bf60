import { ACTIONS } from '../dist/contract.js';
import { CLEAR, Client, WeComError, checkOptions, lift } from './client.js';
import { connector, defaultLogger } from './instance.js';

export { CLEAR, WeComError };

export class WeCom extends Client {
  static async load(options = {}) {
    checkOptions('WeCom.load', options, ['env', 'logger']);
    const { env = process.env, logger = defaultLogger } = options;
    const run = await connector(env, logger);
    return new WeCom((action, prepare) => lift(ACTIONS[action].result, run(action, prepare())));
  }
}

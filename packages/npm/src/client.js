// What both entries share: the actions as methods, the choice of credentials, and the error. Loads no WebAssembly.
import { CREDENTIALS } from '../dist/contract.js';

const profile = (name) => ({ tag: 'profile', val: name });

export class Client {
  #run;
  #credentials;

  constructor(run, credentials = '') {
    const { application = profile(''), chatbot = profile('') } =
      typeof credentials === 'string'
        ? { application: profile(credentials), chatbot: profile(credentials) }
        : credentials;
    this.#run = run;
    this.#credentials = { application, chatbot };
  }

  as(credentials) {
    return new Client(this.#run, credentials);
  }

  static {
    for (const [action, kind] of Object.entries(CREDENTIALS)) {
      this.prototype[action] = function (...parameters) {
        return this.#run(action, [this.#credentials[kind], ...parameters]);
      };
    }
  }
}

export class WeComError extends Error {
  constructor(action, failure, cause = failure) {
    const { tag: kind, val } = failure;
    super(`${action}: ${describe(kind, val)}`, { cause });
    this.kind = kind;
    this.code = val?.code;
    this.hint = val?.hint;
    this.fields = kind === 'permanent-invalid-input' ? val : [];
    this.retryAfter = val?.retryAfter;
    this.retryable = ['rejected-for-now', 'unreachable', 'no-reply'].includes(kind);
    this.tookEffect = UNKNOWN.includes(kind) ? 'unknown' : false;
  }

  static {
    this.prototype.name = 'WeComError';
  }
}

const UNKNOWN = ['no-reply', 'permanent-no-reply', 'permanent-unexpected-reply', 'execution-failed'];

function describe(kind, val) {
  switch (kind) {
    case 'permanent-invalid-input':
      return val.map(({ field, reason }) => `${field} ${reason}`).join('; ');
    case 'permanent-rejected':
    case 'rejected-for-now':
      return `WeCom refused with ${val.code} (${val.message}): ${val.hint}`;
    case 'execution-failed':
      return 'the connector failed; whether the call took effect is unknown';
    default:
      return val;
  }
}

/** The variables of the connector, and no others. */
export function variables(env) {
  return Object.entries(env).filter(([name, value]) => name.startsWith('WECOM_') && value !== undefined);
}

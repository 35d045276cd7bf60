// The other side of worker.js: calls come in as messages and are answered one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { WeCom, WeComError } from './index.js';

const wecom = await WeCom.load(workerData);

parentPort.on('message', ({ id, action, parameters }) => {
  try {
    parentPort.postMessage({ id, result: action && run(action, parameters) });
  } catch (error) {
    parentPort.postMessage({ id, ...portable(error) });
  }
});

function run(action, [credentials, ...parameters]) {
  return wecom.as({ application: credentials, chatbot: credentials })[action](...parameters);
}

/** An error loses its class and its own properties on the way. */
function portable(error) {
  if (!(error instanceof WeComError)) return { cause: error };
  const { kind, cause } = error;
  return { failure: kind === 'execution-failed' ? { tag: kind } : cause, cause };
}

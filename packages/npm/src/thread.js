// The other side of worker.js: calls come in as messages and are made one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { WeComError } from './client.js';
import { connector } from './instance.js';

const run = await connector(workerData.env, { debug: (line) => parentPort.postMessage({ line }) });

parentPort.on('message', ({ id, action, values }) => {
  try {
    parentPort.postMessage({ id, result: action && run(action, values) });
  } catch (error) {
    parentPort.postMessage({ id, ...portable(error) });
  }
});

/** An error loses its class and its own properties on the way. */
function portable(error) {
  if (!(error instanceof WeComError)) return { cause: error };
  const { kind, cause } = error;
  return { failure: kind === 'execution-failed' ? { tag: kind } : cause, cause };
}

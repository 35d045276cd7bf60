import { Worker } from 'node:worker_threads';
import { ACTIONS } from '../dist/contract.js';
import { CLEAR, Client, WeComError, checkOptions, lift, variables } from './client.js';
import { defaultLogger } from './instance.js';

export { CLEAR, WeComError };

export class WeComWorker extends Client {
  #thread;

  static async start(options = {}) {
    checkOptions('WeComWorker.start', options, ['env', 'logger']);
    const { env = process.env, logger = defaultLogger } = options;
    const thread = new Thread(Object.fromEntries(variables(env)), logger);
    await thread.start();
    return new WeComWorker(thread);
  }

  constructor(thread) {
    super(async (action, prepare) => lift(ACTIONS[action].result, await thread.run(action, prepare())));
    this.#thread = thread;
  }

  close() {
    return this.#thread.close();
  }
}

/** A worker thread that is replaced when it dies. Only calls under way keep the process alive. */
class Thread {
  #env;
  #logger;
  #worker;
  #calls = new Map();
  #last = 0;
  #closed = false;

  constructor(env, logger) {
    this.#env = env;
    this.#logger = logger;
  }

  /** Resolves when the thread responds. */
  start() {
    return this.#ask({});
  }

  run(action, values) {
    return this.#ask({ action, values });
  }

  async close() {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #ask(call) {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error('this WeComWorker is closed');
      const id = ++this.#last;
      this.#worker ??= this.#spawn();
      this.#worker.postMessage({ id, ...call });
      this.#worker.ref();
      this.#calls.set(id, { action: call.action, resolve, reject });
    });
  }

  #spawn() {
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData: { env: this.#env },
      execArgv: [], // flags meant for the main thread, such as --input-type, can keep this one from starting
    });
    let reason;
    worker.on('message', (reply) => (reply.line ? this.#logger.debug(reply.line) : this.#settle(reply)));
    worker.on('error', (error) => (reason = error));
    worker.on('exit', (code) => {
      this.#worker = undefined;
      reason ??= new Error(this.#closed ? 'this WeComWorker was closed' : `the worker thread ended with code ${code}`);
      for (const id of this.#calls.keys()) this.#settle({ id, failure: { tag: 'execution-failed' }, cause: reason });
    });
    return worker;
  }

  #settle({ id, result, failure, cause }) {
    const { action, resolve, reject } = this.#calls.get(id);
    this.#calls.delete(id);
    if (!this.#calls.size) this.#worker?.unref();
    if (failure && action) reject(new WeComError(action, failure, cause));
    else if (cause) reject(cause);
    else resolve(result);
  }
}

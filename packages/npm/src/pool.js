// The component with JavaScript Promise Integration. An instance makes one call at a time, so calls at the same time get
// instances of their own.
import { ACTIONS } from '../dist/contract.js';
import { instantiate } from '../dist/async/wecom.js';
import * as wasi from '../dist/async/wasi.js';
import { Client, checkOptions, lift, outcome, requestLine, variables } from './client.js';
import { restoreHeaders } from './headers.js';
import { wrong } from './validate.js';

/** The class, for a function that gives a compiled module by name, and for so many instances if the caller does not say. */
export function asyncWeCom(loadModule, usual) {
  let modules;

  return class AsyncWeCom extends Client {
    static async load(options = {}) {
      checkOptions('AsyncWeCom.load', options, ['env', 'logger', 'instances']);
      if (typeof WebAssembly.Suspending !== 'function') {
        throw new Error('wecom-connector/async needs Node 24, Deno 2.9, Bun 1.4 or a Worker: use wecom-connector/worker');
      }
      const { env = globalThis.process?.env ?? {}, logger, instances = usual } = options;
      if (!Number.isInteger(instances) || instances < 1) throw wrong('AsyncWeCom.load.instances', 'an integer from 1', instances);
      modules ??= Promise.all(
        ['wecom.core.wasm', 'wecom.core2.wasm', 'wecom.core3.wasm'].map(async (name) => [name, await loadModule(name)]),
      ).then(Object.fromEntries);
      const compiled = await modules;
      const pool = new Pool(instances, () => instance(compiled, env, logger));
      return new AsyncWeCom(async (action, prepare) => lift(ACTIONS[action].result, await pool.run(action, prepare())));
    }
  };
}

async function instance(modules, env, logger) {
  const exports = await instantiate((name) => modules[name], {
    'wasi:cli/environment': { getEnvironment: () => variables(env) },
    'wasi:clocks/monotonic-clock': wasi.monotonicClock,
    'wasi:http/outgoing-handler': { handle: (request, options) => handle(request, options, logger) },
    'wasi:http/types': { ...wasi.types, RequestOptions },
    'wasi:io/error': wasi.error,
    'wasi:io/poll': wasi.poll,
    'wasi:io/streams': wasi.streams,
  });
  return Object.assign({}, ...Object.values(exports));
}

class Pool {
  #create;
  #free = [];
  #waiting = [];
  #left;

  constructor(instances, create) {
    this.#left = instances;
    this.#create = create;
  }

  async run(action, values) {
    let actions = await this.#take();
    try {
      actions ??= await this.#create();
      return await actions[action](...values);
    } catch (thrown) {
      throw outcome(action, thrown, () => (actions = undefined));
    } finally {
      this.#give(actions);
    }
  }

  /** The instance used last, as it has an access token; undefined where a new one may be made; else the next to be free. */
  #take() {
    if (this.#free.length) return this.#free.pop();
    if (this.#left) {
      this.#left -= 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Takes an instance back, or undefined for one that trapped. */
  #give(actions) {
    const next = this.#waiting.shift();
    if (next) next(actions);
    else if (actions) this.#free.push(actions);
    else this.#left += 1;
  }
}

// The shim has one timer until a response begins, and takes the shorter of two for it: the longer one counts.

class RequestOptions extends wasi.types.RequestOptions {
  setConnectTimeout() {}
}

function handle(request, options, logger) {
  const started = performance.now();
  const [method, address] = [request.method().tag, `${request.scheme().tag}://${request.authority()}${request.pathWithQuery()}`];
  const response = wasi.outgoingHandler.handle(request, options);
  const get = response.get.bind(response);
  response.get = () => {
    const it = get();
    const result = it?.val;
    if (result?.tag === 'err') result.val = wasi.failureOf(result.val);
    if (result?.tag === 'ok') restoreHeaders(result.val);
    if (result) {
      logger?.debug(requestLine(method, address, result.tag === 'ok' ? `status ${result.val.status()}` : result.val.tag, started));
    }
    return it;
  };
  return response;
}

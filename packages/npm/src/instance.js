// The component in this thread, blocking: an instance that is replaced after it trapped.
import { readFile } from 'node:fs/promises';
import { debuglog } from 'node:util';
import * as clocks from '@bytecodealliance/preview2-shim/clocks';
import * as http from '@bytecodealliance/preview2-shim/http';
import * as io from '@bytecodealliance/preview2-shim/io';
import { outcome, requestLine, variables } from './client.js';
import { restoreHeaders } from './headers.js';
import { instantiate } from '../dist/sync/wecom.js';

/** Shows requests with NODE_DEBUG=wecom-connector. */
export const defaultLogger = { debug: debuglog('wecom-connector') };

/** A function that runs an action with arguments of the bindings. Compiles the component once for all instances. */
export async function connector(env, logger) {
  const modules = await coreModules();
  let actions;
  const imports = {
    'wasi:cli/environment': { getEnvironment: () => variables(env) },
    'wasi:clocks/monotonic-clock': clocks.monotonicClock,
    'wasi:http/outgoing-handler': { handle: (request, options) => handle(request, options, logger) },
    'wasi:http/types': { ...http.types, OutgoingRequest, RequestOptions },
    'wasi:io/error': io.error,
    'wasi:io/poll': io.poll,
    'wasi:io/streams': io.streams,
  };
  return (action, values) => {
    try {
      actions ??= Object.assign({}, ...Object.values(instantiate((name) => modules[name], imports)));
      return actions[action](...values);
    } catch (thrown) {
      throw outcome(action, thrown, () => (actions = undefined));
    }
  };
}

let compiled;

function coreModules() {
  compiled ??= Promise.all(
    ['wecom.core.wasm', 'wecom.core2.wasm', 'wecom.core3.wasm'].map(async (name) => [
      name,
      await WebAssembly.compile(await readFile(new URL(`../dist/${name}`, import.meta.url))),
    ]),
  ).then(Object.fromEntries);
  return compiled;
}

// What the shim gets wrong.

// It has one timer until a response begins, takes the connect timeout for it, and reports silence of any kind as
// `connection-timeout`, which means that nothing was sent: a message would be sent twice. So the timer gets the longer
// time, and silence its right name.

class RequestOptions extends http.types.RequestOptions {
  setConnectTimeout() {}

  setFirstByteTimeout(duration) {
    super.setConnectTimeout(duration);
    super.setFirstByteTimeout(duration);
  }
}

function handle(request, options, logger) {
  const started = performance.now();
  const [method, address] = [request.method().tag, `${request.scheme().tag}://${request.authority()}${request.pathWithQuery()}`];
  const response = http.outgoingHandler.handle(request.finish(), options);
  const get = response.get.bind(response);
  response.get = () => {
    const it = get();
    const result = it?.val;
    if (result?.val?.tag === 'connection-timeout') result.val = { tag: 'HTTP-response-timeout' };
    if (result?.tag === 'ok') restoreHeaders(result.val);
    if (result) {
      logger.debug(requestLine(method, address, result.tag === 'ok' ? `status ${result.val.status()}` : result.val.tag, started));
    }
    return it;
  };
  return response;
}

// It never ends a request whose body was not asked for, and so opens another connection for every GET.

class OutgoingRequest extends http.types.OutgoingRequest {
  #hasBody = false;

  body() {
    this.#hasBody = true;
    return super.body();
  }

  finish() {
    if (!this.#hasBody) http.types.OutgoingBody.finish(this.body());
    return this;
  }
}

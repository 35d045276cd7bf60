import { readFile } from 'node:fs/promises';
import * as clocks from '@bytecodealliance/preview2-shim/clocks';
import * as http from '@bytecodealliance/preview2-shim/http';
import * as io from '@bytecodealliance/preview2-shim/io';
import { Client, variables, WeComError } from './client.js';
import { instantiate } from '../dist/wecom.js';

export { WeComError };

export class WeCom extends Client {
  static async load({ env = process.env } = {}) {
    const modules = await coreModules();
    let actions;
    let sent;

    const imports = {
      'wasi:cli/environment': { getEnvironment: () => variables(env) },
      'wasi:clocks/monotonic-clock': clocks.monotonicClock,
      'wasi:http/outgoing-handler': {
        handle(request, options) {
          sent = true;
          return silenceIsNoRefusal(http.outgoingHandler.handle(request.finish(), options));
        },
      },
      'wasi:http/types': { ...http.types, OutgoingRequest, RequestOptions },
      'wasi:io/error': io.error,
      'wasi:io/poll': io.poll,
      'wasi:io/streams': io.streams,
    };

    return new WeCom((action, parameters) => {
      sent = false;
      try {
        actions ??= Object.assign({}, ...Object.values(instantiate((name) => modules[name], imports)));
        return plain(actions[action](...parameters));
      } catch (thrown) {
        if (typeof thrown?.tag === 'string') throw new WeComError(action, thrown);
        actions = undefined; // an instance that trapped cannot be entered again
        if (thrown instanceof TypeError && !sent) {
          thrown.message = `${action}: ${thrown.message}`; // an argument of another type
          throw thrown;
        }
        throw new WeComError(action, { tag: 'execution-failed' }, thrown);
      }
    });
  }
}

/** A BigInt (seconds since 1970) stops JSON.stringify, and a Uint32Array (a list of ids) comes out of it as an object. */
function plain(result) {
  for (const [key, value] of Object.entries(result)) {
    if (typeof value === 'bigint') result[key] = Number(value);
    if (value instanceof Uint32Array) result[key] = Array.from(value);
  }
  return result;
}

let compiled;

/** Compiled once for all instances. */
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

// It has one timer until an answer begins, takes the connect timeout for it, and reports silence of any kind as
// `connection-timeout`, which means that nothing was sent: a message would be sent twice. So the timer gets the longer
// time, and silence its right name.

class RequestOptions extends http.types.RequestOptions {
  setConnectTimeout() {}

  setFirstByteTimeout(duration) {
    super.setConnectTimeout(duration);
    super.setFirstByteTimeout(duration);
  }
}

function silenceIsNoRefusal(answer) {
  const get = answer.get.bind(answer);
  answer.get = () => {
    const it = get();
    if (it?.val?.val?.tag === 'connection-timeout') it.val.val = { tag: 'HTTP-response-timeout' };
    return it;
  };
  return answer;
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

// The component in a Worker's isolate.
import * as cli from '@bytecodealliance/preview2-shim/cli';
import * as clocks from '@bytecodealliance/preview2-shim/clocks';
import * as http from '@bytecodealliance/preview2-shim/http';
import * as io from '@bytecodealliance/preview2-shim/io';
import modules from '../dist/modules.js';
import { instantiate } from '../dist/wecom.js';

// Instances between calls. Each makes one call at a time and keeps its access token.
const idle = [];

// Runs `call` with an instance of the component. Its exports give promises, and throw errors with the contract's own error
// as `payload`.
export async function withConnector(env, call) {
  const secrets = Object.entries(env).filter(([name, value]) => name.startsWith('WECOM_') && value);
  cli._setEnv(Object.fromEntries(secrets));
  const instance = idle.pop() ?? (await load());
  try {
    const result = await call(instance);
    idle.push(instance);
    return result;
  } catch (error) {
    // An instance that has trapped is not used again.
    if (error.payload) idle.push(instance);
    throw error;
  }
}

function load() {
  return instantiate((name) => modules[name], {
    'wasi:cli/environment': cli.environment,
    'wasi:clocks/monotonic-clock': clocks.monotonicClock,
    'wasi:http/outgoing-handler': http.outgoingHandler,
    'wasi:http/types': http.types,
    'wasi:io/error': io.error,
    'wasi:io/poll': io.poll,
    'wasi:io/streams': io.streams,
  });
}

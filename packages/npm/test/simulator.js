// Starts a `wecom-simulator` of our own on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program =
  process.env.WECOM_SIMULATOR ?? fileURLToPath(new URL('../../../target/debug/wecom-simulator', import.meta.url));

/** Its `env` holds the credentials; `control` asks it to do something, or what it knows. Its ids depend on its address. */
export async function simulator(listen = '127.0.0.1:0') {
  const process = spawn(program, ['--quiet', '--listen', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(process, 'spawn');
  const env = {};
  for await (const line of createInterface({ input: process.stdout })) {
    const [name, value] = line.split(/=(.*)/s);
    env[name] = value;
    if (Object.keys(env).length === 6) break;
  }
  return {
    env,
    async control(path, body) {
      const method = body === undefined ? 'GET' : 'POST';
      const response = await fetch(`${env.WECOM_BASE_URL}/_simulator/${path}`, { method, body: JSON.stringify(body) });
      return response.headers.get('content-type')?.includes('json') ? response.json() : response.text();
    },
    stop() {
      const ended = once(process, 'exit');
      process.kill();
      return ended;
    },
  };
}

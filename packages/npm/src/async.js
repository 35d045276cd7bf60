// For Node, Deno and Bun, which read the modules from files. Cloudflare's workerd takes async.workerd.js.
import { readFile } from 'node:fs/promises';
import { asyncWeCom } from './pool.js';

export { CLEAR, WeComError } from './client.js';

export const AsyncWeCom = asyncWeCom(
  async (name) => WebAssembly.compile(await readFile(new URL(`../dist/${name}`, import.meta.url))),
  8,
);

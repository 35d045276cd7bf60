// `npm run test:runtimes`: the tests on each Node, and on Deno, Bun and Cloudflare's workerd what their test runners need not
// know: the script of all calls, whose results must be those of Node, and packages/behavior.json. Installs the runtimes below
// runtimes/.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { simulator } from './simulator.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const module = (path) => here(`../runtimes/node_modules/${path}`);
const behavior = here('../../behavior.json');
const script = here('../../../host-tests/script.json');
const situations = JSON.parse(readFileSync(behavior, 'utf8'));

execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here('../runtimes'), stdio: 'inherit' });

for (const version of ['node20', 'node24', 'node26']) {
  const tests = ['actions', 'async', 'errors', 'headers', 'mistakes', 'readme', 'worker'].map((name) => `test/${name}.test.js`);
  const { status } = spawnSync(module(`${version}/bin/node`), ['--test', ...tests], { cwd: here('..'), stdio: 'inherit' });
  assert.equal(status, 0, version);
  console.log(`${version}: tests passed`);
}

let address;

/** What a runtime prints, each time against a fresh simulator at the same address. */
async function lines(command, options, file) {
  const sim = await simulator(address);
  address = new URL(sim.env.WECOM_BASE_URL).host;
  try {
    const text = execFileSync(command[0], [...command.slice(1), 'test/script.js', ...options, file], {
      cwd: here('..'),
      env: { ...process.env, ...sim.env },
      encoding: 'utf8',
    });
    return text.trim().split('\n').map(parsed);
  } finally {
    await sim.stop();
  }
}

const parsed = (line) => JSON.parse(line.replaceAll(/"created-at":\d+/g, '"created-at":0'));

function compare(found, situations) {
  for (const [index, { situation, error, requests }] of situations.entries()) {
    assert.deepEqual(found[index].error, { ...found[index].error, ...error }, situation);
    assert.equal(found[index].requests, requests, situation);
  }
}

const expected = await lines([process.execPath], [], script);
// Not Deno's blocking entry: with its node:http, a call waits for ever where a connection that was used before is reset.
for (const [command, entries] of [
  [[module('.bin/deno'), 'run', '--allow-all'], [['--async']]],
  [[module('.bin/bun')], [[], ['--async']]],
]) {
  for (const options of entries) {
    assert.deepEqual(await lines(command, options, script), expected);
    const found = await lines(command, [...options, '--behavior'], behavior);
    compare(found, situations);
    console.log(`${command[0].split('/').at(-1)} ${options.join(' ') || 'blocking'}: ${expected.length} calls, ${situations.length} situations`);
  }
}

// workerd compiles modules beforehand and has no files; its fetch does not say why a connection failed, and sends a GET again.
const folder = mkdtempSync(`${tmpdir()}/wecom-`);
const sim = await simulator(address);
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const bundle = ['--bundle', '--format=esm', '--conditions=workerd', '--loader:.wasm=copy', '--asset-names=[name]', '--external:node:*'];
execFileSync(module('.bin/esbuild'), [here('workerd.js'), ...bundle, `--outdir=${folder}`, '--log-level=warning'], { stdio: 'inherit' });
const wasm = ['wecom.core.wasm', 'wecom.core2.wasm', 'wecom.core3.wasm'];
writeFileSync(
  `${folder}/config.capnp`,
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .w), (name = "internet", network = (allow = ["public", "private", "local"])) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]
);
const w :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "workerd.js")${wasm.map((it) => `, (name = "./${it}", wasm = embed "${it}")`).join('')} ],
  compatibilityDate = "2026-10-01",
  bindings = [ ${Object.entries(sim.env).map(([name, value]) => `(name = "${name}", text = "${value}")`).join(', ')} ]
);
`,
);
const workerd = spawn(module('.bin/workerd'), ['serve', `${folder}/config.capnp`], { stdio: 'inherit' });
try {
  const ask = async (steps) => {
    for (;;) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: JSON.stringify(steps) });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        return parsed(text);
      } catch (error) {
        if (error.cause?.code !== 'ECONNREFUSED' || workerd.exitCode !== null) throw error; // not started yet
      }
    }
  };
  assert.deepEqual(await ask({ script: JSON.parse(readFileSync(script, 'utf8')) }), expected);
  const known = situations.filter(({ call, error, warm }) => error.kind !== 'unreachable' && !(warm && call.startsWith('list-')));
  compare(await ask({ situations: known }), known);
  console.log(`workerd --async: ${expected.length} calls, ${known.length} situations`);
} finally {
  workerd.kill();
  await once(workerd, 'exit');
  await sim.stop();
  rmSync(folder, { recursive: true });
}

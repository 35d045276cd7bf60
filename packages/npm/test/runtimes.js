// `npm run test:runtimes`: the tests on each Node, and on Deno and Bun what their test runners need not know: the script of
// all calls, whose results must be those of Node, and packages/behavior.json. Installs the runtimes below runtimes/.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { simulator } from './simulator.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const module = (path) => here(`../runtimes/node_modules/${path}`);
const behavior = here('../../behavior.json');
const script = here('../../../host-tests/script.json');
const situations = JSON.parse(readFileSync(behavior, 'utf8'));

execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here('../runtimes'), stdio: 'inherit' });

for (const version of ['node20', 'node24', 'node26']) {
  const tests = ['actions', 'async', 'errors', 'mistakes', 'readme', 'worker'].map((name) => `test/${name}.test.js`);
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
    return text.trim().split('\n').map((line) => JSON.parse(line.replace(/"created-at":\d+/, '"created-at":0')));
  } finally {
    await sim.stop();
  }
}

const expected = await lines([process.execPath], [], script);
for (const command of [[module('.bin/deno'), 'run', '--allow-all'], [module('.bin/bun')]]) {
  for (const options of [[], ['--async']]) {
    assert.deepEqual(await lines(command, options, script), expected);
    const found = await lines(command, [...options, '--behavior'], behavior);
    for (const [index, { situation, error }] of situations.entries()) {
      assert.deepEqual(found[index].error, { ...found[index].error, ...error }, situation);
    }
    console.log(`${command[0].split('/').at(-1)} ${options.join(' ') || 'blocking'}: ${expected.length} calls, ${situations.length} situations`);
  }
}

// Runs the examples of README.md as they stand there.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulator } from './simulator.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [start, files, profiles, errors, server, threads] = Array.from(readme.matchAll(/```js\n(.*?)```/gs), ([, code]) => code);
let sim;

before(async () => {
  sim = await simulator();
});
after(() => sim.stop());

function run(code) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: new URL('..', import.meta.url),
    env: sim.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  return child;
}

async function output(code) {
  const child = run(code);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  const [exit] = await once(child, 'close');
  assert.equal(exit, 0);
  return text;
}

test('in thirty seconds', async () => assert.match(await output(start), /^\S+ did not reach \[ 'nobody' \]\n$/));
test('files and long texts', async () => assert.equal(await output(files), '值班表.txt 7 bytes\nin 3 messages\n'));
test('other credentials', async () => assert.match(await output(profiles), /(\[ \{ id: 1, .* \} \]\n){2}/));
test('errors', async () => assert.match(await output(errors), /^deleteDepartment: WeCom rejected it with 60123 .*\n$/));

for (const [name, code] of [['in a server', server], ['in a thread', threads]]) {
  const skip = code === server && typeof WebAssembly.Suspending !== 'function' && 'no JavaScript Promise Integration';
  test(name, { skip }, async () => {
    const child = run(code);
    const [line] = await once(child.stdout, 'data');
    const response = await fetch(`http://127.0.0.1:${/\d+/.exec(line)}/hello`);
    assert.equal(await response.text(), 'sent\n');
    assert.deepEqual((await sim.control('state')).chatbot_messages.at(-1).content, { content: 'GET /hello' });
    child.kill();
    await once(child, 'close');
  });
}

test('the table of behavior is that of packages/behavior.json', () => {
  const shown = execFileSync('python3', [fileURLToPath(new URL('../../behavior.py', import.meta.url)), '--table'], { encoding: 'utf8' });
  assert.ok(readme.includes(shown), shown);
});

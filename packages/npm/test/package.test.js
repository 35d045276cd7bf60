// The package as it is released: packed, installed where nothing else is, and used from there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulator } from './simulator.js';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder, files, sim;

before(async () => {
  sim = await simulator();
  folder = mkdtempSync(join(tmpdir(), 'wecom-'));
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' });
  const [{ filename, files: list }] = Object.values(JSON.parse(packed));
  files = list.map(({ path }) => path);
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)], { cwd: folder, stdio: 'pipe' });
});
after(() => {
  sim.stop();
  rmSync(folder, { recursive: true });
});

test('the tarball holds what is needed, and no more', () => {
  const other = files.filter((it) => !it.startsWith('dist/') && !it.startsWith('src/')).sort();
  assert.deepEqual(other, ['LICENSE', 'README.md', 'package.json']);
});

test('every entry works from there', () => {
  writeFileSync(
    join(folder, 'use.js'),
    `
    import { WeCom } from 'wecom-connector';
    import { WeComWorker } from 'wecom-connector/worker';
    import { AsyncWeCom } from 'wecom-connector/async';
    const entries = [await WeCom.load(), await WeComWorker.start()];
    if (WebAssembly.Suspending) entries.push(await AsyncWeCom.load());
    const results = [];
    for (const it of entries) results.push((await it.listDepartmentIds()).length);
    console.log(results.every((it) => it === 1));
    await entries[1].close();
    `,
  );
  const env = { ...process.env, ...sim.env };
  assert.equal(execFileSync(process.execPath, ['use.js'], { cwd: folder, env, encoding: 'utf8' }), 'true\n');
});

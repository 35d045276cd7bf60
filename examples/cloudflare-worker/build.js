// Makes dist/ from the component: worker.js, and the WebAssembly modules that it imports.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transpile } from '@bytecodealliance/jco';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const component = process.env.WECOM_CONNECTOR_WASM ?? here('../../target/wecom-connector.wasm');

// Workers compile no WebAssembly at run time: the modules are imported, and given to `instantiate`. The exports return
// promises, and the waiting imports suspend the stack below them (JSPI), so that fetch continues meanwhile.
const { files } = await transpile(await readFile(component), {
  name: 'wecom',
  instantiation: 'async',
  minify: true,
  strict: true,
  asyncMode: 'jspi',
  asyncExports: ['*'],
  asyncImports: [
    'wasi:io/poll@0.2.6#[method]pollable.block',
    'wasi:io/poll@0.2.6#poll',
    'wasi:io/streams@0.2.6#[method]input-stream.blocking-read',
  ],
});

await rm(here('dist'), { recursive: true, force: true });
await mkdir(here('dist'));
const modules = Object.keys(files).filter((name) => name.endsWith('.wasm'));
for (const name of ['wecom.js', ...modules]) await writeFile(here(`dist/${name}`), files[name]);
await writeFile(
  here('dist/modules.js'),
  modules.map((name, index) => `import m${index} from './${name}';\n`).join('') +
    `export default { ${modules.map((name, index) => `'${name}': m${index}`).join(', ')} };\n`,
);

await build({
  entryPoints: [here('src/worker.js')],
  outfile: here('dist/worker.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2024',
  external: ['./*.wasm', 'node:*'], // the second is never imported in a Worker
});
for (const name of ['wecom.js', 'modules.js']) await rm(here(`dist/${name}`));

let total = 0;
for (const name of ['worker.js', ...modules]) {
  const content = await readFile(here(`dist/${name}`));
  const gzipped = gzipSync(content).length;
  total += gzipped;
  console.log(`${name.padEnd(16)} ${content.length} bytes, ${gzipped} gzipped`);
}
console.log(`in all ${total} bytes gzipped`);

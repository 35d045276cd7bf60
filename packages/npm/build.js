// Makes dist/ from the component, the WIT and contract.json:
//   contract.js, contract.d.ts   the contract as data for validation, and its types for callers
//   interfaces/*.d.ts            jco's declarations, with the contract's documentation
//   sync/, async/                the component, transpiled: blocking, and with JavaScript Promise Integration
//   async/wasi.js                the fetch-based half of preview2-shim, bundled
import { mkdir, readFile, rm, writeFile, copyFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transpile, types as generateTypes } from '@bytecodealliance/jco';
import { _setPreopens } from '@bytecodealliance/preview2-shim/filesystem';
import { rolldown } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const component = process.env.WECOM_CONNECTOR_WASM ?? here('../../target/wecom-connector.wasm');
const wit = process.env.WECOM_CONNECTOR_WIT ?? here('../../wit');
const contract = JSON.parse(
  await readFile(process.env.WECOM_CONNECTOR_CONTRACT ?? here('../../contract/contract.json'), 'utf8'),
);

const camel = (name) => name.split('-').map((word, i) => (i ? word[0].toUpperCase() + word.slice(1) : word)).join('');
const pascal = (name) => camel(`-${name}`);

const output = {};

// The component. The core modules are the same in both forms.
const wasm = await readFile(component);
const common = {
  name: 'wecom',
  minify: true,
  strict: true, // otherwise jco would convert values that the validation missed
  componentErrorWrapping: false,
};
const sync = await transpile(wasm, { ...common, instantiation: 'sync' }); // a trapped instance is replaced within a call
// Waiting for a response and for its body; in each version that the component may import.
const blocking = ['0.2.2', '0.2.3', '0.2.4', '0.2.5', '0.2.6'].flatMap((version) => [
  `wasi:io/poll@${version}#[method]pollable.block`,
  `wasi:io/streams@${version}#[method]input-stream.blocking-read`,
]);
const async = await transpile(wasm, {
  ...common,
  instantiation: 'async',
  asyncMode: 'jspi',
  asyncExports: ['*'],
  asyncImports: blocking,
});
for (const [name, bytes] of Object.entries(sync.files)) {
  if (name.endsWith('.d.ts')) continue;
  if (name.endsWith('.wasm')) {
    if (!Buffer.from(async.files[name]).equals(Buffer.from(bytes))) throw new Error(`${name} differs between the two forms`);
    output[name] = bytes;
  } else {
    output[`sync/${name}`] = bytes;
    output[`async/${name}`] = async.files[name];
  }
}

// The fetch-based shim, whatever the runtime. Its `fetch` is ours: see src/fetch.js.
const bundle = await rolldown({
  input: here('src/wasi.js'),
  platform: 'browser',
  resolve: { conditionNames: ['import', 'default'] },
  transform: { inject: { 'globalThis.fetch': [here('src/fetch.js'), 'fetchOnce'] } },
});
const { output: [chunk] } = await bundle.generate({ format: 'esm', minify: true });
output['async/wasi.js'] = chunk.code;

// jco's type generator is itself a component, and sees no file that it is not given.
_setPreopens({ '/': '/' });
const declarations = await generateTypes(wit, { name: 'wecom', worldName: 'connector', variantsInlineCases: true });
for (const [name, bytes] of Object.entries(declarations)) {
  if (name.startsWith('interfaces/')) output[name] = bytes;
}

// The contract as data, without its documentation.
const members = (list) => list?.map(({ name, type, optional }) => ({ name, type, optional }));
const types = Object.fromEntries(
  contract.types.map(({ name, kind, type, fields, cases }) => [name, { kind, type, fields: members(fields), cases: members(cases) }]),
);
/** Whether a type is a record of options, which may be left out as a whole. */
const isOptions = ({ named }) => /-(options|query)$/.test(named) && types[named].fields.every(({ type }) => type.option);
for (const { parameters } of contract.actions) {
  const last = parameters.at(-1);
  if (last && isOptions(last.type)) last.optional = true;
}
const actions = Object.fromEntries(
  contract.actions.map(({ name, credentials, parameters, result }) => [
    camel(name),
    { name, credentials, parameters: members(parameters), result },
  ]),
);
output['contract.js'] = `export const TYPES = ${JSON.stringify(types)};\nexport const ACTIONS = ${JSON.stringify(actions)};\n`;

// What callers pass is looser than what they get: see src/types.d.ts.
const inputs = new Set();
function reach(type) {
  if (typeof type === 'string') return;
  const name = type.named;
  if (!name) return reach(type.option ?? type.list);
  if (inputs.has(name)) return;
  inputs.add(name);
  for (const it of [types[name], ...(types[name].fields ?? []), ...(types[name].cases ?? [])]) if (it.type) reach(it.type);
}
for (const { parameters } of contract.actions) parameters.forEach((it) => reach(it.type));

/** The names of the actions that are so, as a type. */
const union = (is) =>
  contract.actions
    .filter(is)
    .map(({ name }) => `'${camel(name)}'`)
    .join(' | ');
const interfaces = contract.interfaces.map(({ name }) => name);
output['contract.d.ts'] = `${interfaces
  .map((name) => `import type * as ${camel(name)} from './interfaces/wecom-connector-${name}.js';\n`)
  .join('')}import type { Bound, Input, Result } from '../src/types.js';

${contract.types
  .map(({ name, interface: from }) => {
    // Error is taken in JavaScript.
    const exported = name === 'error' ? 'Failure' : pascal(name);
    return `export type ${exported} = ${inputs.has(name) ? 'Input' : 'Result'}<${camel(from)}.${pascal(name)}>;\n`;
  })
  .join('')}
type Free = ${union(({ credentials }) => !credentials)};

type WithOptions = ${union(({ parameters }) => parameters.at(-1)?.optional)};

/** All actions. The credentials, first in the contract, are chosen with \`as\` instead. */
export interface Actions extends ${interfaces
  .filter((name) => contract.actions.some((it) => it.interface === name))
  .map((name) => `Bound<typeof ${camel(name)}, Free, WithOptions>`)
  .join(', ')} {}
`;

await rm(here('dist'), { recursive: true, force: true });
for (const [name, content] of Object.entries(output)) {
  const path = here(`dist/${name}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
await copyFile(here('../../LICENSE'), here('LICENSE'));

if (process.argv.includes('--size')) {
  for (const [name, content] of Object.entries(output).filter(([name]) => !name.endsWith('.d.ts'))) {
    console.log(`${name.padEnd(16)} ${Buffer.byteLength(content)} bytes, ${gzipSync(content).length} gzipped`);
  }
}

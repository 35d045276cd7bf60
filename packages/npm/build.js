// Makes dist/ from the component and its contract:
//   wecom.js, wecom.core*.wasm   the component, transpiled
//   contract.d.ts                the contract's types and documentation, one flat module
//   contract.js                  which kind of credentials each action takes first
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transpile, types as generateTypes } from '@bytecodealliance/jco';
import { _setPreopens } from '@bytecodealliance/preview2-shim/filesystem';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const component = process.env.WECOM_CONNECTOR_WASM ?? here('../../target/wecom-connector.wasm');
const wit = process.env.WECOM_CONNECTOR_WIT ?? here('../../wit');

const { files } = await transpile(await readFile(component), {
  name: 'wecom',
  instantiation: 'sync', // a trapped instance is replaced in the middle of a call
  minify: true,
  strict: true, // otherwise -1 becomes 4294967295, and 'x' becomes 0
  componentErrorWrapping: false,
});
const output = Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith('.d.ts')));

// jco's type generator is itself a component, and sees no file that it is not given.
_setPreopens({ '/': '/' });
const types = Object.entries(
  await generateTypes(wit, { name: 'wecom', worldName: 'connector', variantsInlineCases: true }),
)
  .filter(([name]) => name.startsWith('interfaces/'))
  .map(([, bytes]) => new TextDecoder().decode(bytes))
  .join('');

const credentials = {};
const actions = types.matchAll(
  /^(\/\*\*(?:\n \*.*)+\n)export function (\w+)\((application|chatbot): \w+(?:, )?(.*)\): (.*);$/gm,
);
const methods = Array.from(actions, ([, doc, name, who, parameters, result]) => {
  credentials[name] = who;
  const optional = parameters.replaceAll(/(\w+): (\w+) \| undefined/g, '$1?: $2 | undefined');
  return `${doc}${name}(${optional}): ${result};\n`.replaceAll(/^(?=.)/gm, '  ');
});

const declarations = types
  .replaceAll(/^(\/\*\*(?:\n \*.*)+\n)?export function .*\n/gm, '')
  .replaceAll(/^(import|export) type .*import\(.*\n|^import .*\n|^\/\*\* @module .*\n/gm, '')
  .replaceAll(/^(\s+\w+)\?: (.*),$/gm, '$1?: $2 | undefined,') // so that absent and undefined are one, for strict readers too
  .replace('export type Error =', 'export type Failure =') // Error is taken in JavaScript
  .replaceAll('bigint', 'number') // see `plain` in src/index.js
  .replaceAll('Uint32Array', 'number[]');

output['contract.d.ts'] = `${declarations}
/** All actions. The credentials, first in the contract, are chosen with \`as\` instead. */
export interface Actions {
${methods.join('')}}
/** Which credentials each action takes. */
export const CREDENTIALS: Record<keyof Actions, 'application' | 'chatbot'>;
`;
output['contract.js'] = `export const CREDENTIALS = ${JSON.stringify(credentials)};\n`;

await rm(here('dist'), { recursive: true, force: true });
await mkdir(here('dist'));
for (const [name, content] of Object.entries(output)) await writeFile(here(`dist/${name}`), content);

if (process.argv.includes('--size')) {
  for (const [name, content] of Object.entries(output)) {
    console.log(`${name.padEnd(16)} ${Buffer.byteLength(content)} bytes, ${gzipSync(content).length} gzipped`);
  }
}

// The contract as data, read from the WIT by its shape. Names are unique in the package.
import { readdir, readFile } from 'node:fs/promises';

const wit = new URL('../../../wit/', import.meta.url);

/** `types` by name: `{ alias }`, `{ record: [[field, type]] }` or `{ variant: Map(case → type or undefined) }`. */
export async function contract() {
  const files = (await readdir(wit)).map((name) => readFile(new URL(name, wit), 'utf8'));
  const text = (await Promise.all(files)).join('').replaceAll(/\/\/.*/g, '').replaceAll(/\s+/g, ' ');

  const types = {};
  for (const [, name, alias] of text.matchAll(/\btype ([\w-]+) = ([^;]+);/g)) types[name] = { alias };
  for (const [, kind, name, body] of text.matchAll(/\b(record|variant) ([\w-]+) \{ (.*?),? \}/g)) {
    types[name] =
      kind === 'record'
        ? { record: pairs(body) }
        : { variant: new Map(body.split(', ').map((it) => /^([\w-]+)(?:\((.*)\))?$/.exec(it).slice(1))) };
  }

  const functions = {};
  for (const [, name, parameters, ok] of text.matchAll(/([\w-]+): func\(([^)]*)\) -> result<(.*?), error>;/g)) {
    functions[name] = { parameters: pairs(parameters), ok };
  }
  return { functions, types };
}

const pairs = (text) => text.split(', ').map((it) => it.split(': '));

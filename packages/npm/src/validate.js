// Values of callers, checked against the contract and turned into what jco's bindings take. No message repeats a value, as
// it may be a secret.
import { TYPES } from '../dist/contract.js';

export const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());

const RANGES = {
  u8: [0, 2 ** 8 - 1],
  u16: [0, 2 ** 16 - 1],
  u32: [0, 2 ** 32 - 1],
  u64: [0n, 2n ** 64n - 1n],
  s8: [-(2 ** 7), 2 ** 7 - 1],
  s16: [-(2 ** 15), 2 ** 15 - 1],
  s32: [-(2 ** 31), 2 ** 31 - 1],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Whether a plain value stands for a case. */
const isPlain = ({ name, type }) => ['set', 'bytes', 'base64', 'id'].includes(name) || (name === 'file' && isRecord(type));

const isRecord = (type) => type?.named && TYPES[type.named].kind === 'record';

/** The value as the bindings take it. Throws a `TypeError` that names the field. */
export function lower(type, value, path) {
  if (typeof type === 'string') return lowerScalar(type, value, path);
  if (type.option) return value === undefined || value === null ? undefined : lower(type.option, value, path);
  if (type.list) return lowerList(type.list, value, path);
  const named = TYPES[type.named];
  switch (named.kind) {
    case 'alias':
      return lower(named.type, value, path);
    case 'enum':
      if (named.cases.some(({ name }) => name === value)) return value;
      throw wrong(path, `one of ${list(named.cases)}`, value);
    case 'record':
      return lowerRecord(named.fields, value, path);
    default:
      return lowerVariant(named.cases, value, path);
  }
}

function lowerScalar(type, value, path) {
  if (type === 'bool') {
    if (typeof value === 'boolean') return value;
    throw wrong(path, 'true or false', value);
  }
  if (type === 'string') {
    if (typeof value !== 'string') throw wrong(path, 'a string', value);
    if (!value.isWellFormed()) throw new TypeError(`${path} must be well-formed: it holds a lone surrogate`);
    return value;
  }
  if (type === 'f64') {
    if (Number.isFinite(value)) return value;
    throw wrong(path, 'a finite number', value);
  }
  const [least, most] = RANGES[type];
  const expected = `an integer from ${least} to ${most}`;
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrong(path, expected, value);
  if ((typeof value === 'number' && !Number.isSafeInteger(value)) || value < least || value > most) {
    throw new TypeError(`${path} must be ${expected}`);
  }
  return typeof least === 'bigint' ? BigInt(value) : Number(value);
}

function lowerList(of, value, path) {
  if (of === 'u8') {
    if (value instanceof Uint8Array) return value;
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw wrong(path, 'a Uint8Array', value);
  }
  if (!Array.isArray(value)) throw wrong(path, 'an array', value);
  return Array.from(value, (it, index) => lower(of, it, `${path}[${index}]`));
}

function lowerRecord(fields, value, path) {
  checkKeys(value, fields.map(({ name }) => camel(name)), path);
  const result = {};
  for (const { name, type } of fields) {
    const key = camel(name);
    result[key] = lower(type, value[key], `${path}.${key}`);
  }
  return result;
}

function lowerVariant(cases, value, path) {
  const plain = cases.filter(isPlain);
  const found = plain.find(({ type }) => fits(type, value));
  if (found) return { tag: found.name, val: lower(found.type, value, path) };
  const more = plain.map(({ type }) => describe(type));
  const expected = [...new Set(more), `an object { tag, val } with tag ${list(cases)}`].join(', or ');
  if (!isObject(value)) throw wrong(path, expected, value);
  const named = cases.find(({ name }) => name === value.tag);
  if (!named) {
    if ('tag' in value) throw wrong(`${path}.tag`, `one of ${list(cases)}`, value.tag);
    throw wrong(path, expected, value);
  }
  checkKeys(value, named.type || value.val === undefined ? ['tag', 'val'] : ['tag'], path);
  return named.type ? { tag: named.name, val: lower(named.type, value.val, `${path}.${named.name}`) } : { tag: named.name };
}

/** Rejects what is not an object, and keys that are not known. */
export function checkKeys(value, known, path) {
  if (!isObject(value)) throw wrong(path, 'an object', value);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw new TypeError(`${path}.${key} is unknown; known are ${known.join(', ')}`);
  }
}

const resolve = (type) => (type.named && TYPES[type.named].kind === 'alias' ? TYPES[type.named].type : type);

function fits(type, value) {
  const resolved = resolve(type);
  if (resolved === 'string') return typeof value === 'string';
  if (isRecord(resolved)) return isObject(value) && !('tag' in value);
  if (resolved.list === 'u8') return value instanceof Uint8Array || value instanceof ArrayBuffer;
  return Boolean(resolved.list) && Array.isArray(value);
}

function describe(type) {
  const resolved = resolve(type);
  if (resolved === 'string') return 'a string';
  if (isRecord(resolved)) return `an object { ${TYPES[resolved.named].fields.map(({ name }) => camel(name)).join(', ')} }`;
  return resolved.list === 'u8' ? 'a Uint8Array' : 'an array';
}

export function wrong(path, expected, value) {
  return new TypeError(`${path} must be ${expected}, not ${kindOf(value)}`);
}

function kindOf(value) {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes';
  return typeof value === 'object' ? 'an object of another shape' : `a ${typeof value}`;
}

const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer);

const list = (cases) => cases.map(({ name }) => `'${name}'`).join(', ');

/** The bindings' value as callers get it: a BigInt stops `JSON.stringify`, and a typed array comes out of it as an object. */
export function lift(type, value) {
  if (value === undefined) return undefined;
  if (typeof value === 'bigint') return Number(value);
  if (typeof type === 'string') return value;
  if (type.option) return lift(type.option, value);
  if (type.list) return type.list === 'u8' ? value : Array.from(value, (it) => lift(type.list, it));
  const { kind, type: alias, fields, cases } = TYPES[type.named];
  if (kind === 'alias') return lift(alias, value);
  if (kind === 'enum') return value;
  if (kind === 'variant') {
    // The content of a file is bytes, in whatever form it came.
    if (value.tag === 'base64') return fromBase64(value.val);
    if (value.tag === 'bytes') return value.val;
    const { type: payload } = cases.find(({ name }) => name === value.tag);
    return payload ? { tag: value.tag, val: lift(payload, value.val) } : { tag: value.tag };
  }
  const result = {};
  for (const { name, type } of fields) result[camel(name)] = lift(type, value[camel(name)]);
  if (PATHS.includes(type.named)) result.field = camel(result.field);
  return result;
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (it) => it.charCodeAt(0));

/** The records whose `field` is a path in the arguments, which callers here write in camel case. */
const PATHS = ['invalid-field', 'truncation'];

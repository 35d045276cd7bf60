// Plays a file of steps: `node test/script.js [--async] [--behavior] FILE`.
//
// host-tests/script.json is an array of calls; a line of JSON is printed for each: {"call":…,"ok":…} or
// {"call":…,"error":…}. The JSON is that of the contract, the same in every language: WIT's names, a variant as "case" or
// {"case": payload}, an absent option left out, bytes in base64. packages/behavior.json is an array of situations, each
// on an instance of its own; the line is what the error says, and how many requests were made.
import { readFile } from 'node:fs/promises';
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { ACTIONS, TYPES } from '../dist/contract.js';

const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
const kebab = (name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const isFile = (cases) => cases.map(({ name }) => name).join() === 'bytes,base64';

export async function playScript(wecom, script) {
  const saved = {};
  const lines = [];
  for (const { call, arguments: given, save = {} } of script) {
    const text = JSON.stringify(given).replaceAll(/\{\{(.+?)\}\}/g, (_, name) => JSON.stringify(saved[name]).slice(1, -1));
    const values = JSON.parse(text);
    const { credentials, parameters, result } = ACTIONS[camel(call)];
    const own = parameters.slice(credentials ? 1 : 0);
    try {
      const ok = toJson(result, await wecom[camel(call)](...own.map(({ name, type }) => toJs(type, values[name]))));
      for (const [name, path] of Object.entries(save)) saved[name] = path.split('.').reduce((it, key) => it[key], ok);
      lines.push({ call, ok });
    } catch (error) {
      if (error.name !== 'WeComError') throw error;
      lines.push({ call, error: toJson({ named: 'error' }, error.cause) });
    }
  }
  return lines;
}

export async function playBehavior(load, env, situations) {
  const control = async (path, body) => {
    const response = await fetch(`${env.WECOM_BASE_URL}/_simulator/${path}`, { method: body ? 'POST' : 'GET', body: body && JSON.stringify(body) });
    return response.text();
  };
  const requests = async () => JSON.parse(await control('transcript')).length;
  const lines = [];
  for (const { call, arguments: given, env: more, warm, fault } of situations) {
    const wecom = await load({ env: { ...env, ...more } });
    const { credentials, parameters } = ACTIONS[camel(call)];
    const values = parameters.slice(credentials ? 1 : 0).map(({ name, type }) => toJs(type, given[name]));
    if (warm) await wecom[camel(call)](...values); // the fault then meets a connection that was used before
    const before = await requests();
    if (fault) await control('faults', fault);
    // In a function of its own, as a blocking call throws.
    const error = await (async () => wecom[camel(call)](...values))().then(
      () => undefined,
      (thrown) => thrown,
    );
    if (error?.name !== 'WeComError') throw error ?? new Error(`${call} succeeded`);
    lines.push({ error: facts(error), requests: (await requests()) - before });
    await wecom.close?.();
  }
  return lines;
}

function facts({ kind, retryable, tookEffect, fields, code, retryAfter, callerAddress, requestId, server, status, requestSent }) {
  return {
    kind,
    retryable,
    'took-effect': tookEffect === false ? 'no' : tookEffect,
    fields: fields.map(({ field }) => kebab(field)).join() || undefined,
    code,
    'retry-after': retryAfter,
    'caller-address': callerAddress,
    'request-id': requestId,
    server,
    status,
    'request-sent': requestSent,
  };
}

function toJs(type, json) {
  if (json === undefined) return undefined;
  if (typeof type === 'string') return json;
  if (type.option) return toJs(type.option, json);
  if (type.list) return type.list === 'u8' ? new Uint8Array(Buffer.from(json, 'base64')) : json.map((it) => toJs(type.list, it));
  const { kind, type: alias, fields, cases } = TYPES[type.named];
  if (kind === 'alias') return toJs(alias, json);
  if (kind === 'enum') return json;
  if (kind === 'record') return Object.fromEntries(fields.map(({ name, type }) => [camel(name), toJs(type, json[name])]));
  // A text that is no case is the content of a file, or the id of one.
  if (typeof json === 'string') return cases.some(({ name, type }) => name === json && !type) ? { tag: json } : json;
  const [[tag, val]] = Object.entries(json);
  return { tag, val: toJs(cases.find(({ name }) => name === tag).type, val) };
}

function toJson(type, value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'bigint') return Number(value);
  if (typeof type === 'string') return value;
  if (type.option) return toJson(type.option, value);
  if (type.list) return type.list === 'u8' ? Buffer.from(value).toString('base64') : Array.from(value, (it) => toJson(type.list, it));
  const { kind, type: alias, fields, cases } = TYPES[type.named];
  if (kind === 'alias') return toJson(alias, value);
  if (kind === 'enum') return value;
  if (kind === 'record') {
    const path = ['invalid-field', 'truncation'].includes(type.named) ? { field: kebab(value.field) } : {};
    return { ...Object.fromEntries(fields.map(({ name, type }) => [name, toJson(type, value[camel(name)])])), ...path };
  }
  if (isFile(cases)) return { base64: Buffer.from(value).toString('base64') };
  const payload = cases.find(({ name }) => name === value.tag).type;
  return payload ? { [value.tag]: toJson(payload, value.val) } : value.tag;
}


if (process.argv[1]?.endsWith('script.js')) {
  const steps = JSON.parse(await readFile(process.argv.at(-1), 'utf8'));
  const load = process.argv.includes('--async')
    ? async (options) => (await import('wecom-connector/async')).AsyncWeCom.load(options)
    : async (options) => (await import('wecom-connector')).WeCom.load(options);
  const lines = process.argv.includes('--behavior')
    ? await playBehavior(load, { ...process.env }, steps)
    : await playScript(await load(), steps);
  for (const line of lines) console.log(JSON.stringify(line));
}

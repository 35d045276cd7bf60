// Plays a script of calls, `node test/script.js script.json`, and prints a line of JSON for each: {"call":…,"ok":…} or
// {"call":…,"error":…}. The JSON is that of the contract, the same in every language: WIT's names, a variant as "case" or
// {"case": payload}, an absent option left out, bytes in base64.
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { WeCom, WeComError } from 'wecom-connector';
import { contract } from './contract.js';

const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());

export function play(wecom, { functions, types }, script, print) {
  const saved = {};
  for (const { call, arguments: given, save = {} } of script) {
    const text = JSON.stringify(given).replaceAll(/\{\{(.+?)\}\}/g, (_, name) => JSON.stringify(saved[name]).slice(1, -1));
    const values = JSON.parse(text);
    const parameters = functions[call].parameters.slice(1).map(([name, type]) => toJs(type, values[name]));
    try {
      const ok = toJson(functions[call].ok, wecom[camel(call)](...parameters));
      for (const [name, path] of Object.entries(save)) saved[name] = path.split('.').reduce((it, key) => it[key], ok);
      print({ call, ok });
    } catch (error) {
      if (!(error instanceof WeComError)) throw error;
      print({ call, error: toJson('error', error.cause) });
    }
  }

  function toJs(type, json) {
    const [, outer, inner] = /^(\w+)<(.*)>$/.exec(type) ?? [];
    if (outer === 'option') return json === undefined ? undefined : toJs(inner, json);
    if (type === 'list<u8>') return new Uint8Array(Buffer.from(json, 'base64'));
    if (outer === 'list') return json.map((it) => toJs(inner, it));
    const { alias, record, variant } = types[type] ?? {};
    if (alias) return toJs(alias, json);
    if (record) return Object.fromEntries(record.map(([name, type]) => [camel(name), toJs(type, json[name])]));
    if (!variant) return json; // an enum, or a type of WIT's own
    if (typeof json === 'string') return { tag: json };
    const [[tag, val]] = Object.entries(json);
    return { tag, val: toJs(variant.get(tag), val) };
  }

  function toJson(type, value) {
    const [, outer, inner] = /^(\w+)<(.*)>$/.exec(type) ?? [];
    if (outer === 'option') return value === undefined ? undefined : toJson(inner, value);
    if (type === 'list<u8>') return Buffer.from(value).toString('base64');
    if (outer === 'list') return value.map((it) => toJson(inner, it));
    const { alias, record, variant } = types[type] ?? {};
    if (alias) return toJson(alias, value);
    if (record) return Object.fromEntries(record.map(([name, type]) => [name, toJson(type, value[camel(name)])]));
    if (!variant) return value;
    const payload = variant.get(value.tag);
    return payload ? { [value.tag]: toJson(payload, value.val) } : value.tag;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const script = JSON.parse(await readFile(process.argv[2], 'utf8'));
  play(await WeCom.load(), await contract(), script, (line) => console.log(JSON.stringify(line)));
}

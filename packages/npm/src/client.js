// What all entries share: the actions as methods, the choice of credentials, and the error. Loads no WebAssembly.
import { ACTIONS } from '../dist/contract.js';
import { camel, checkKeys, lift, lower, wrong } from './validate.js';

/** Texts that `{ split: true }` sends in several messages: the format, and the bytes of a message. */
const SPLITTING = {
  sendAppText: ['plain', 2048],
  sendAppMarkdown: ['markdown', 2048],
  sendGroupText: ['plain', 2048],
  sendGroupMarkdown: ['markdown', 2048],
  sendChatbotText: ['plain', 2048],
  sendChatbotMarkdown: ['markdown', 4096],
  sendChatbotMarkdownV2: ['markdown-v2', 4096],
};

/** Clears a text or a list in `updateMember`, where nothing given leaves it as it is. */
export const CLEAR = Object.freeze({ tag: 'clear' });

const profile = (name) => ({ tag: 'profile', val: name });

/** Calls `run(action, prepare)`; `prepare()` gives the arguments of the bindings, or throws a `TypeError`. */
export class Client {
  #run;
  #credentials;

  constructor(run, credentials = { application: profile(''), chatbot: profile('') }) {
    this.#run = run;
    this.#credentials = credentials;
  }

  as(credentials) {
    return new Client(this.#run, chosen(credentials));
  }

  static {
    for (const [action, { credentials, parameters }] of Object.entries(ACTIONS)) {
      const own = parameters.slice(credentials ? 1 : 0);
      this.prototype[action] = function (...values) {
        const options = SPLITTING[action] && values.length === own.length + 1 ? values.pop() : undefined;
        if (options?.split === true && Object.keys(options).length === 1) return inParts(this, action, values);
        const first = credentials ? [this.#credentials[credentials]] : [];
        return this.#run(action, () => [...first, ...prepared(action, own, values, options)]);
      };
    }
  }
}

/** Sends a text in several messages, and gives the results; where one fails, the error has those of the ones before it. */
function inParts(client, action, values) {
  const message = values.at(-1);
  const isRecord = typeof message === 'object' && message !== null;
  const content = isRecord ? message.content : message;
  const send = (part) => client[action](...values.slice(0, -1), isRecord ? { ...message, content: part } : part);
  // What is no text is refused by the call itself, and so is an empty one.
  if (typeof content !== 'string' || content === '') return send(content);
  const parts = client.splitText(content, ...SPLITTING[action], true);
  const sent = [];
  if (Array.isArray(parts)) {
    try {
      for (const it of parts) sent.push(send(it));
    } catch (error) {
      throw inPart(error, sent, parts);
    }
    return sent;
  }
  return parts.then(async (parts) => {
    try {
      for (const it of parts) sent.push(await send(it));
    } catch (error) {
      throw inPart(error, sent, parts);
    }
    return sent;
  });
}

/** The error of a part, with the results of the parts before it. */
function inPart(error, sent, parts) {
  if (!(error instanceof WeComError)) return error;
  const { message, stack } = error;
  error.sent = sent;
  if (parts.length === 1) return error;
  error.message = message.replace(': ', `, part ${sent.length + 1} of ${parts.length}: `);
  error.stack = stack.replace(message, () => error.message);
  return error;
}

function prepared(action, parameters, values, options) {
  try {
    if (options !== undefined && options !== null) {
      checkKeys(options, ['split'], 'options');
      lower({ option: 'bool' }, options.split, 'options.split');
    }
    if (values.length > parameters.length) {
      throw new TypeError(`takes ${parameters.length} arguments, not ${values.length}`);
    }
    return parameters.map(({ name, type, optional }, index) => lower(type, values[index] ?? (optional ? {} : undefined), camel(name)));
  } catch (error) {
    error.message = `${action}: ${error.message}`;
    throw error;
  }
}

function chosen(credentials) {
  if (typeof credentials === 'string') {
    const named = profile(lower('string', credentials, 'as: profile'));
    return { application: named, chatbot: named };
  }
  const path = 'as: credentials';
  if (typeof credentials !== 'object' || credentials === null) throw wrong(path, "a profile's name or an object { application, chatbot }", credentials);
  checkKeys(credentials, ['application', 'chatbot'], path);
  if (!credentials.application && !credentials.chatbot) throw new TypeError(`${path} must name an application or a chatbot`);
  const { application = profile(''), chatbot = profile('') } = credentials;
  return {
    application: lower({ named: 'application' }, application, `${path}.application`),
    chatbot: lower({ named: 'chatbot' }, chatbot, `${path}.chatbot`),
  };
}

export class WeComError extends Error {
  constructor(action, failure, cause = failure) {
    const { tag: kind, val } = failure;
    const fields = kind === 'permanent-invalid-input' ? lift({ list: { named: 'invalid-field' } }, val) : [];
    super(`${action}: ${describe(kind, val, fields)}`, { cause });
    this.kind = kind;
    this.retryable = ['rejected-for-now', 'unreachable', 'no-reply'].includes(kind);
    this.tookEffect = kind === 'execution-failed' || val?.requestSent ? 'unknown' : false;
    this.fields = fields;
    this.code = val?.code;
    this.hint = val?.hint;
    this.retryAfter = val?.retryAfter;
    this.callerAddress = val?.callerAddress;
    this.requestId = val?.requestId;
    this.invalidReceivers = lift({ option: { named: 'invalid-receivers' } }, val?.invalidReceivers);
    this.conflictingUser = val?.conflictingUser;
    this.server = val?.server;
    this.status = val?.status;
    this.requestSent = val?.requestSent;
  }

  static {
    this.prototype.name = 'WeComError';
  }
}

function describe(kind, val, fields) {
  switch (kind) {
    case 'permanent-invalid-input':
      return fields.map(({ field, reason }) => `${field} ${reason}`).join('; ');
    case 'permanent-missing-credential':
      return val;
    case 'permanent-rejected':
    case 'rejected-for-now': {
      const operands = [
        val.callerAddress && `from address ${val.callerAddress}`,
        val.conflictingUser && `member ${val.conflictingUser} has it`,
        val.requestId && `request ${val.requestId}`,
      ].filter(Boolean);
      return `WeCom rejected it with ${[`${val.code} (${val.message})`, ...operands].join(', ')}: ${val.hint}`;
    }
    case 'execution-failed':
      return 'the connector failed; whether the call took effect is unknown';
    default:
      return [`${val.reason} (${val.server}`, val.status !== undefined && `status ${val.status}`].filter(Boolean).join(', ') + ')';
  }
}

/** Runs an action of a component's instance. `fail` is called where the instance can't be used again. */
export function outcome(action, thrown, fail) {
  // jco throws the error itself, or in an object with a payload.
  const failure = typeof thrown?.tag === 'string' ? thrown : thrown?.payload;
  if (typeof failure?.tag === 'string') return new WeComError(action, failure);
  fail(); // an instance that trapped can't be entered again
  return new WeComError(action, { tag: 'execution-failed' }, thrown);
}

/** The variables of the connector, and no others. */
export function variables(env) {
  return Object.entries(env).filter(([name, value]) => name.startsWith('WECOM_') && value !== undefined);
}

/** Refuses options that are misspelled, and variables that are no texts. */
export function checkOptions(where, options, known) {
  checkKeys(options, known, where);
  for (const [name, value] of variables(options.env ?? {})) lower('string', value, `${where}.env.${name}`);
  if (options.logger && typeof options.logger.debug !== 'function') throw wrong(`${where}.logger`, 'an object with a method debug', options.logger);
}

/** A line for a request: no query, since it holds the secrets. */
export function requestLine(method, address, result, started) {
  const { origin, pathname } = new URL(address);
  return `${method.toUpperCase()} ${origin}${pathname}: ${result} after ${Math.round(performance.now() - started)} ms`;
}

export { lift };

// What the fetch-based shim gets wrong is corrected here: it follows redirects, with the secrets of the query; it calls
// every failure `internal-error`, with a message that may hold the address and so the secrets; and it waits for ever for
// the rest of a response.

const BODY_TIMEOUT = 60_000; // milliseconds, for a whole response after its first bytes

/** Takes the place of `globalThis.fetch` in the shim. */
export async function fetchOnce(url, init) {
  const stop = new AbortController();
  let response;
  try {
    const signal = AbortSignal.any([init.signal, stop.signal]);
    response = await globalThis['fetch'](url, { ...init, ...ownConnection, signal, redirect: 'manual' });
  } catch (error) {
    throw new Error(init.signal.aborted ? 'HTTP-response-timeout' : codeOf(error));
  }
  if (!response.body) return response;

  const timer = setTimeout(() => stop.abort(), BODY_TIMEOUT);
  const reader = response.body.getReader();
  const body = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        clearTimeout(timer);
        controller.close();
      } catch {
        clearTimeout(timer);
        throw new Error('the response was cut off');
      }
    },
    cancel() {
      clearTimeout(timer);
      return reader.cancel();
    },
  });
  return { status: response.status, headers: response.headers, body };
}

// Deno and Bun send a request again when a connection that they used before breaks: a message would be sent twice. There,
// each request gets a connection of its own.
const ownConnection = {
  ...(globalThis.Deno && { client: globalThis.Deno.createHttpClient({ poolMaxIdlePerHost: 0 }) }),
  ...(globalThis.Bun && { keepalive: false }),
};

// Node's `code`, Bun's `code`, and what Deno says in words. Only what is certain to have failed before sending is here:
// everything else counts as sent.
const NOT_SENT = [
  ['connection-refused', /ECONNREFUSED|Connection refused/],
  ['DNS-error', /ENOTFOUND|EAI_AGAIN|dns error/],
  ['connection-timeout', /UND_ERR_CONNECT_TIMEOUT/],
  ['TLS-protocol-error', /EPROTO|ERR_SSL_|_CERT|CERT_|corrupt message|certificate/],
  ['destination-unavailable', /EHOSTUNREACH|ENETUNREACH|client error \(Connect\)/],
  ['HTTP-request-denied', /bad port|are blocked/],
];

function codeOf(error) {
  const text = [error, error?.cause].map((it) => `${it?.code ?? ''} ${it?.message ?? ''}`).join(' ');
  return NOT_SENT.find(([, pattern]) => pattern.test(text))?.[0] ?? 'connection-terminated';
}

/** The shim's error as WASI's. */
export function failureOf({ tag, val }) {
  if (tag === 'connection-timeout') return { tag: 'HTTP-response-timeout' }; // the shim's one timer; the request may be out
  if (tag !== 'internal-error') return { tag, val };
  if (val === 'DNS-error') return { tag: val, val: {} };
  return { tag: val };
}

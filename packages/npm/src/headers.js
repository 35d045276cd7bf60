// The values of headers are bytes. JavaScript's HTTP gives each byte as a character, which the shim then encodes as UTF-8: a
// name in UTF-8 would reach the component encoded twice. The component's own headers are ASCII.

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Cloudflare's workerd, unlike the specification of `fetch`, decodes the values as UTF-8: the shim's bytes are right there. */
const decodesUtf8 = (() => {
  try {
    return new Headers([['x', '\u503c']]).has('x');
  } catch {
    return false;
  }
})();

/** Puts the bytes that the server sent back into the headers of the shim's response. */
export function restoreHeaders(response) {
  if (decodesUtf8) return;
  for (const entry of response.headers().entries()) {
    entry[1] = Uint8Array.from(decoder.decode(entry[1]), (character) => character.charCodeAt(0));
  }
}

// What the component imports, over `fetch`. Bundled into dist/async/wasi.js, as the shim's own choice in Node blocks.
export { monotonicClock } from '@bytecodealliance/preview2-shim/clocks';
export { outgoingHandler, types } from '@bytecodealliance/preview2-shim/http';
export { error, poll, streams } from '@bytecodealliance/preview2-shim/io';
export { failureOf } from './fetch.js';

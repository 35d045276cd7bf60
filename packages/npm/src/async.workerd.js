// For Cloudflare's workerd, which compiles modules before the program starts.
import core from '../dist/wecom.core.wasm';
import core2 from '../dist/wecom.core2.wasm';
import core3 from '../dist/wecom.core3.wasm';
import { asyncWeCom } from './pool.js';

export { CLEAR, WeComError } from './client.js';

const modules = { 'wecom.core.wasm': core, 'wecom.core2.wasm': core2, 'wecom.core3.wasm': core3 };

// Many, as a call can't wait for one that another request makes.
export const AsyncWeCom = asyncWeCom((name) => modules[name], 64);

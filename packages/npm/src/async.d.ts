import type { Credentials, LoadOptions, Logger } from './index.js';
import type { AsyncActions } from './worker.js';

export { CLEAR, WeComError } from './index.js';
export type * from './index.js';
export type { AsyncActions } from './worker.js';

export interface AsyncLoadOptions extends Omit<LoadOptions, 'logger'> {
  /** Gets a line for each HTTP request, without its query and body. Default: none. */
  logger?: Logger | undefined;
  /**
   * How many calls may be made at the same time, each on an instance of its own with its own access tokens; more wait.
   * Instances are made when they are needed, and kept. Default: 8; in a Worker 64.
   */
  instances?: number | undefined;
}

export interface AsyncWeCom extends AsyncActions {}

/**
 * The connector over `fetch`, without a thread: calls return promises and leave the event loop free. Needs JavaScript
 * Promise Integration: Node 24, Deno 2.9, Bun 1.4, Cloudflare Workers, or newer.
 */
export class AsyncWeCom {
  static load(options?: AsyncLoadOptions): Promise<AsyncWeCom>;
  private constructor();

  /** The same actions with other credentials: the name of a profile, or credentials themselves. Cheap. */
  as(credentials: string | Credentials): AsyncActions;
}

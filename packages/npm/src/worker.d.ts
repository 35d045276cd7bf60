import type { Actions, Credentials, LoadOptions } from './index.js';
import type { Splitting, SplittingMethod } from './types.js';

export { CLEAR, WeComError } from './index.js';
export type * from './index.js';

/** {@link Actions} that return promises. */
export type AsyncActions = {
  [Name in keyof Actions]: Name extends Splitting
    ? Actions[Name] extends SplittingMethod<infer Rest, infer One, infer Several>
      ? SplittingMethod<Rest, Promise<One>, Promise<Several>>
      : never
    : (...parameters: Parameters<Actions[Name]>) => Promise<ReturnType<Actions[Name]>>;
};

export interface WeComWorker extends AsyncActions {}

/**
 * The connector in a thread of its own, so that the event loop stays free. Calls are made one after the other; start
 * several for more at a time. An idle worker does not keep the process alive.
 */
export class WeComWorker {
  /** As `WeCom.load`, but the variables are copied once. */
  static start(options?: LoadOptions): Promise<WeComWorker>;
  private constructor();

  /** The same actions with other credentials: the name of a profile, or credentials themselves. Cheap. */
  as(credentials: string | Credentials): AsyncActions;

  /** Ends the thread. Calls under way are rejected with `execution-failed`. */
  close(): Promise<void>;
}

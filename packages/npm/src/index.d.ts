import type { Actions, Application, Chatbot, Failure, InvalidField } from '../dist/contract.js';

export type * from '../dist/contract.js';

export interface LoadOptions {
  /** Where the credentials are: `WECOM_…` variables, read at every call; others are ignored. Default: `process.env`. */
  env?: Record<string, string | undefined> | undefined;
}

/** Credentials for both kinds of actions. What is left out is the unnamed profile. */
export interface Credentials {
  application?: Application | undefined;
  chatbot?: Chatbot | undefined;
}

export interface WeCom extends Actions {}

/**
 * The connector in this thread. A call blocks it until WeCom has answered: in a server use `wecom-connector/worker`.
 *
 * One instance serves all calls and keeps the access tokens; after a crash the next call gets a fresh one.
 * Every action throws a {@link WeComError}, and a `TypeError` for an argument of another type than declared.
 */
export class WeCom {
  static load(options?: LoadOptions): Promise<WeCom>;
  private constructor();

  /** The same actions with other credentials: the name of a profile, or credentials themselves. Cheap. */
  as(credentials: string | Credentials): Actions;
}

/** Why a call failed, by `kind`, which says whether repeating can help and whether the call took effect. */
export class WeComError extends Error {
  private constructor();
  readonly name: 'WeComError';
  readonly kind: Failure['tag'];
  /** WeCom's error code (errcode), where WeCom refused. */
  readonly code: number | undefined;
  /** What to do about it, where WeCom refused. */
  readonly hint: string | undefined;
  /** All broken limits, for `permanent-invalid-input`. The paths are spelled as in the contract. */
  readonly fields: InvalidField[];
  /** Seconds to wait before repeating, where WeCom documents a figure. */
  readonly retryAfter: number | undefined;
  /** Whether repeating the call later may help and does no harm. */
  readonly retryable: boolean;
  readonly tookEffect: false | 'unknown';
  /** The contract's own error value, or what crashed, for `execution-failed`. */
  readonly cause: Failure | Error;
}

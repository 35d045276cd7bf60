import type { Actions, Application, Chatbot, Failure, InvalidField, InvalidReceivers } from '../dist/contract.js';

export type * from '../dist/contract.js';

/** Where requests are logged: `console`, pino, winston and others have this method. */
export interface Logger {
  debug(message: string): void;
}

export interface LoadOptions {
  /** Where the credentials are: `WECOM_…` variables, read at every call; others are ignored. Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Gets a line for each HTTP request, without its query and body. Default: shown with `NODE_DEBUG=wecom-connector`. */
  logger?: Logger | undefined;
}

/** Credentials for both kinds of actions. What is left out is the unnamed profile. */
export interface Credentials {
  application?: Application | undefined;
  chatbot?: Chatbot | undefined;
}

/** Clears a text or a list of a member in `updateMember`. What is left out stays as it is. */
export const CLEAR: { readonly tag: 'clear' };

export interface WeCom extends Actions {}

/**
 * The connector in this thread. A call blocks it until WeCom has responded: in a server use `wecom-connector/async` or
 * `wecom-connector/worker`.
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

/** Why a call failed, by `kind`, which says whether retrying can help and whether the call took effect. */
export class WeComError extends Error {
  private constructor();
  readonly name: 'WeComError';
  readonly kind: Failure['tag'];
  /** Whether retrying the call later may help and does no harm. */
  readonly retryable: boolean;
  readonly tookEffect: false | 'unknown';
  /** All broken limits, for `permanent-invalid-input`. The paths are in camel case, as the arguments. */
  readonly fields: InvalidField[];
  /** WeCom's error code (errcode), where WeCom rejected the call. */
  readonly code: number | undefined;
  /** What to do about it, where WeCom rejected the call. */
  readonly hint: string | undefined;
  /** Seconds to wait before retrying, where WeCom documents a figure. */
  readonly retryAfter: number | undefined;
  /** The address that the call came from, as WeCom sees it: the one to add to the trusted addresses after 60020. */
  readonly callerAddress: string | undefined;
  /** The number of the request, which WeCom's query page and support ask for. */
  readonly requestId: string | undefined;
  /** The receivers that WeCom refused, as beside 81013. */
  readonly invalidReceivers: InvalidReceivers | undefined;
  /** The member who has the mobile number already (60104). */
  readonly conflictingUser: string | undefined;
  /** The host that did not respond as WeCom does. */
  readonly server: string | undefined;
  /** The HTTP status of its response, if there was one. */
  readonly status: number | undefined;
  /** Whether the call itself had been sent, at least in part, where no response of WeCom's came. */
  readonly requestSent: boolean | undefined;
  /** With `{ split: true }`, the results of the parts that were sent before; else undefined. */
  readonly sent: readonly unknown[] | undefined;
  /** The contract's own error value, or what crashed, for `execution-failed`. */
  readonly cause: unknown;
}

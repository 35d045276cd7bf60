// From jco's declarations to what callers write and get.

/** What a caller passes: `null` for absent, and a plain value where a variant's case needs no name. */
export type Input<T> = T extends bigint
  ? number | bigint
  : T extends Uint32Array
    ? readonly number[]
    : T extends Uint8Array
      ? Uint8Array | ArrayBuffer
      : T extends { tag: 'set' | 'bytes' | 'base64' | 'id'; val: infer Value }
        ? InputFields<T> | Input<Value>
        : T extends { tag: 'file'; val: infer Value extends object }
          ? InputFields<T> | Input<Value>
          : T extends readonly (infer Item)[]
            ? readonly Input<Item>[]
            : T extends object
              ? InputFields<T>
              : T;

type InputFields<T> = {
  [K in keyof T]: undefined extends T[K] ? Input<Exclude<T[K], undefined>> | null | undefined : Input<T[K]>;
};

/** What a caller gets: plain numbers and arrays, so that `JSON.stringify` works; the content of a file as bytes. */
export type Result<T> = T extends bigint
  ? number
  : T extends { tag: 'bytes' | 'base64' }
    ? Uint8Array
    : T extends Uint32Array
    ? number[]
    : T extends Uint8Array
      ? T
      : T extends readonly (infer Item)[]
        ? Result<Item>[]
        : T extends object
          ? { [K in keyof T]: Result<T[K]> }
          : T;

/**
 * The functions of an interface without their first parameter, the credentials, which those named `Free` have not. The last
 * parameter of those named `WithOptions` may be left out.
 */
export type Bound<Interface, Free, WithOptions> = {
  [K in keyof Interface]: Interface[K] extends (credentials: never, ...rest: infer Rest) => infer R
    ? K extends Free
      ? Interface[K] extends (...rest: infer All) => unknown
        ? (...parameters: OptionalTail<InputList<All>>) => Result<R>
        : never
      : K extends Splitting
        ? SplittingMethod<InputList<Rest>, Result<R>, Result<R>[]>
        : K extends WithOptions
          ? InputList<Rest> extends [...infer First, infer Last]
            ? (...parameters: [...First, (Last | null)?]) => Result<R>
            : never
          : (...parameters: OptionalTail<InputList<Rest>>) => Result<R>
    : never;
};

/** The actions whose text `{ split: true }` sends in several messages. */
export type Splitting =
  | 'sendAppText'
  | 'sendAppMarkdown'
  | 'sendGroupText'
  | 'sendGroupMarkdown'
  | 'sendChatbotText'
  | 'sendChatbotMarkdown'
  | 'sendChatbotMarkdownV2';

export interface SplittingMethod<Parameters extends unknown[], One, Several> {
  (...parameters: Parameters): One;
  (...parameters: [...Parameters, { split?: false | null | undefined } | null | undefined]): One;
  /** Sends a text that is too long for one message in several, numbered. Where one fails, `sent` of the error has the results before it. */
  (...parameters: [...Parameters, { split: true }]): Several;
  (...parameters: [...Parameters, { split: boolean }]): One | Several;
}

type InputList<T extends unknown[]> = {
  [K in keyof T]: undefined extends T[K] ? Input<Exclude<T[K], undefined>> | null | undefined : Input<T[K]>;
};

/** Parameters at the end that may be undefined may be left out. */
type OptionalTail<T extends unknown[]> = { [K in keyof T]: undefined } extends T
  ? Partial<T>
  : T extends [unknown, ...infer Rest]
    ? T extends [...infer First, ...Rest]
      ? [...First, ...OptionalTail<Rest>]
      : never
    : never;

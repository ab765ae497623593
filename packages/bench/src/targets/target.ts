/**
 * What the benchmarks ask of everything that they measure. Each implementation talks to its server as its users do: one
 * client with one connection to each server, with its defaults unless the implementation says otherwise.
 */

export interface Target {
  /** The value, or null or undefined when the key is not present. */
  get(key: string): Promise<unknown>;
  set(key: string, value: Buffer): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Compare-and-set on the version that was met last; where it was another one, it is met now. */
  readonly swap?: (key: string, value: Buffer) => Promise<unknown>;
  /** Adds 1 to the number under a key. */
  readonly count?: (key: string) => Promise<unknown>;
  close(): Promise<void>;
}

/** How to reach one, from whichever process. */
export type TargetSpec =
  | {
      readonly kind: 'ring-client';
      readonly nodes: readonly string[];
      /** The only port that the client can connect to, as if it stood behind a NAT. */
      readonly onlyPort?: number;
      /** False: a refusal is the answer, and is not retried until the deadline. */
      readonly retry?: boolean;
    }
  | { readonly kind: 'ring-query'; readonly node: string }
  | { readonly kind: 'ioredis'; readonly port: number; readonly autoPipelining: boolean }
  | { readonly kind: 'etcd3'; readonly hosts: readonly string[] }
  | {
      readonly kind: 'grpc-echo';
      readonly port: number;
      readonly call: 'unary' | 'stream';
      /** Bytes of the answer to a get. */
      readonly valueBytes: number;
    }
  | { readonly kind: 'nothing' };

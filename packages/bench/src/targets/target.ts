/**
 * What the benchmarks ask of everything that they measure. Each implementation talks to its server as its users do: one
 * client with one connection to each server, with its defaults unless the implementation says otherwise.
 */

/**
 * All entries with their values: `scan` in whatever order is the cheapest, `range` in the order of the keys, `tag` the
 * same of those that begin with TAG alone.
 */
export type ReadOrder = 'scan' | 'range' | 'tag';

/** What keys begin with that have the tag whose entries are read. */
export const TAG = '{tag}';

/** Entries of a page, where whoever asks says so. */
export const PAGE_ENTRIES = 1_000;

/** A watch under way. */
export interface Watching {
  /** From where a later watch is told everything that follows. */
  readonly since: string;
  close(): Promise<void>;
}

export interface Target {
  /** The value, or null or undefined when the key is not present. */
  get(key: string): Promise<unknown>;
  set(key: string, value: Buffer): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Compare-and-set on the version that was met last; where it was another one, it is met now. */
  readonly swap?: (key: string, value: Buffer) => Promise<unknown>;
  /** Adds 1 to the number under a key. */
  readonly count?: (key: string) => Promise<unknown>;
  /** The first entries from a key on, in the order of the keys. */
  readonly range?: (from: string, entries: number) => Promise<unknown>;
  /** Tells of entries as they come, until `took` wants no more or there are no more. */
  readonly readAll?: (order: ReadOrder, took: (entries: number) => boolean) => Promise<void>;
  /** The values that are written under keys of a prefix; resolves when none is missed any more. */
  readonly watch?: (
    prefix: string,
    since: string | undefined,
    onValue: (value: Buffer) => void,
  ) => Promise<Watching>;
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
  | {
      readonly kind: 'ioredis';
      readonly port: number;
      readonly autoPipelining: boolean;
      /** Writes are published, for watches. */
      readonly publishes?: boolean;
    }
  | { readonly kind: 'node-redis'; readonly port: number }
  | { readonly kind: 'etcd3'; readonly hosts: readonly string[] }
  | {
      readonly kind: 'grpc-echo';
      readonly port: number;
      readonly call: 'unary' | 'stream';
      /** Bytes of the answer to a get. */
      readonly valueBytes: number;
    }
  | { readonly kind: 'nothing' };

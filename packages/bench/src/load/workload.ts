/**
 * What is done to which key: a mix of operations over a popularity of keys. Pure: the same seed draws the same
 * operations.
 *
 * A record that can be sent to another process describes a workload. Keys and values are made from indices, so that all
 * contestants get the same bytes.
 */

import { invariant, Random } from '@ringkeep/shared';
import { nowMs, stamped } from './now-ms';
import { createPopularity, type Popularity, type PopularitySpec } from './popularity';

/**
 * `modify` reads a key and then writes it, as one operation, as YCSB F does. `swap` writes on condition of the version
 * that the client met last, and `count` adds 1 to a number. `range` reads up to RANGE_ENTRIES_MAX entries from a key on,
 * as YCSB E does.
 */
export const OPERATION_KINDS = [
  'get',
  'set',
  'insert',
  'modify',
  'delete',
  'swap',
  'count',
  'range',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export interface WorkloadSpec {
  readonly name: string;
  /** Shares of the kinds; they need not add up to 1. */
  readonly mix: { readonly [K in OperationKind]?: number };
  readonly popularity: PopularitySpec;
  /** Keys that exist from the start. */
  readonly keys: number;
  readonly keyBytes: number;
  /** Keeps its keys apart from those of other workloads on the same system. */
  readonly keyPrefix?: string;
  readonly valueBytes: number;
  /** Values begin with the time at which they were made (now-ms.ts). */
  readonly stamped?: boolean;
}

export interface WorkloadOperation {
  readonly kind: OperationKind;
  readonly key: string;
  /** The key's index, from which its value is made. */
  readonly index: number;
  /** Entries of a range. */
  readonly entries?: number;
}

/** Entries of a range, at most: their number is drawn uniformly, as in YCSB E. */
const RANGE_ENTRIES_MAX = 100;
/** Values differ from key to key, within so many. */
const VALUES = 64;
/** They are text, because some clients are faster with text. */
const FIRST_LETTER = 'a'.charCodeAt(0);
const LETTERS = 26;

export class Workload {
  private readonly random: Random;
  private readonly popularity: Popularity;
  private readonly kinds: readonly { readonly kind: OperationKind; readonly upTo: number }[];
  private readonly keys: string[];
  private readonly values: readonly Buffer[];
  /** When the last value was made, where values say so. */
  lastStampMs = 0;
  private acknowledgedUpTo: number;
  private readonly acknowledgedBeyond = new Set<number>();

  constructor(
    readonly spec: WorkloadSpec,
    seed: number,
  ) {
    this.random = new Random(seed);
    this.kinds = cumulative(spec.mix);
    this.popularity = createPopularity(spec.popularity, spec.keys, this.random.fork());
    this.acknowledgedUpTo = spec.keys;
    this.keys = Array.from({ length: spec.keys }, (_, index) =>
      keyText(index, spec.keyBytes, spec.keyPrefix),
    );
    // Drawn from a seed of their own: values do not depend on the run.
    const noise = new Random(1);
    this.values = Array.from({ length: VALUES }, () =>
      Buffer.from(Uint8Array.from({ length: spec.valueBytes }, () => FIRST_LETTER + noise.below(LETTERS))),
    );
  }

  next(): WorkloadOperation {
    const kind = this.kind();
    if (kind === 'insert') {
      const index = this.keys.length;
      const key = keyText(index, this.spec.keyBytes, this.spec.keyPrefix);
      this.keys.push(key);
      return { kind, key, index };
    }
    const index = this.popularity.next();
    const key = this.keys[index] as string;
    if (kind === 'range') return { kind, key, index, entries: 1 + this.random.below(RANGE_ENTRIES_MAX) };
    return { kind, key, index };
  }

  /** The insert of a key has been acknowledged: it may be asked for once all before it are there, too, as in YCSB. */
  inserted(index: number): void {
    this.acknowledgedBeyond.add(index);
    while (this.acknowledgedBeyond.delete(this.acknowledgedUpTo)) this.acknowledgedUpTo++;
    this.popularity.grow(this.acknowledgedUpTo);
  }

  /** What is written to a key. */
  value(index: number): Buffer {
    const value = this.values[index % VALUES] as Buffer;
    if (this.spec.stamped !== true) return value;
    this.lastStampMs = nowMs();
    return stamped(value, this.lastStampMs);
  }

  /** The keys that exist from the start. */
  initialKeys(): readonly string[] {
    return this.keys.slice(0, this.spec.keys);
  }

  private kind(): OperationKind {
    if (this.kinds.length === 1) return (this.kinds[0] as { kind: OperationKind }).kind;
    const at = this.random.fraction();
    return (this.kinds.find(({ upTo }) => at < upTo) ?? (this.kinds.at(-1) as { kind: OperationKind })).kind;
  }
}

/** Distinct for each index, and exactly so many bytes long. */
export function keyText(index: number, keyBytes: number, prefix = 'k'): string {
  const digits = String(index);
  invariant(digits.length + prefix.length <= keyBytes, `key ${index} fits ${keyBytes} bytes`);
  return `${prefix}${digits.padStart(keyBytes - prefix.length, '0')}`;
}

function cumulative(mix: WorkloadSpec['mix']): { kind: OperationKind; upTo: number }[] {
  const present = OPERATION_KINDS.filter((kind) => (mix[kind] ?? 0) > 0);
  const total = present.reduce((sum, kind) => sum + (mix[kind] as number), 0);
  invariant(total > 0, 'a mix has an operation');
  let upTo = 0;
  return present.map((kind) => ({ kind, upTo: (upTo += (mix[kind] as number) / total) }));
}

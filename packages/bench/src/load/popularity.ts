/** Which key is asked for next, as an index from 0. The description can be sent to another process. */

import { invariant, type Random } from '@ringkeep/shared';
import { AliasTable, zipfWeights } from './alias-table';
import { fnvHashBelow, HASH_BELOW_MAX } from './fnv-hash';
import { YCSB_THETA, Zipfian } from './zipfian';

export type PopularitySpec =
  | { readonly kind: 'uniform' }
  /** YCSB's scrambled Zipfian: popular keys lie anywhere. */
  | { readonly kind: 'scrambled-zipfian' }
  /** YCSB's skewed latest: what was inserted last is the most popular. */
  | { readonly kind: 'latest' }
  /** Exactly 1 / rank^alpha for any alpha; the ranks are shuffled over the keys. */
  | { readonly kind: 'zipf'; readonly alpha: number }
  /** These keys in this order, again and again. */
  | { readonly kind: 'sequence'; readonly indices: readonly number[] };

export interface Popularity {
  next(): number;
  /** There are now that many keys. */
  grow(keys: number): void;
}

/** YCSB scrambles ranks out of ten thousand million, whatever the number of keys, with the sum known beforehand. */
const SCRAMBLED_ITEMS = 10_000_000_000;
const SCRAMBLED_ZETA = 26.46902820178302;

export function createPopularity(spec: PopularitySpec, keys: number, random: Random): Popularity {
  invariant(keys >= 1 && keys < HASH_BELOW_MAX, `from 1 to ${HASH_BELOW_MAX} keys`);
  switch (spec.kind) {
    case 'uniform':
      return new Uniform(keys, random);
    case 'scrambled-zipfian':
      return new ScrambledZipfian(keys, random);
    case 'latest':
      return new Latest(keys, random);
    case 'zipf':
      return new ShuffledZipf(keys, spec.alpha, random);
    case 'sequence':
      return new Sequence(spec.indices);
  }
}

class Uniform implements Popularity {
  constructor(
    private keys: number,
    private readonly random: Random,
  ) {}

  next(): number {
    return this.random.below(this.keys);
  }

  grow(keys: number): void {
    this.keys = keys;
  }
}

class ScrambledZipfian implements Popularity {
  private readonly ranks: Zipfian;

  constructor(
    private keys: number,
    random: Random,
  ) {
    this.ranks = new Zipfian(SCRAMBLED_ITEMS, random, YCSB_THETA, SCRAMBLED_ZETA);
  }

  next(): number {
    return fnvHashBelow(this.ranks.next(), this.keys);
  }

  grow(keys: number): void {
    this.keys = keys;
  }
}

class Latest implements Popularity {
  private readonly ages: Zipfian;

  constructor(
    private keys: number,
    random: Random,
  ) {
    this.ages = new Zipfian(keys, random);
  }

  next(): number {
    return this.keys - 1 - this.ages.next();
  }

  grow(keys: number): void {
    this.keys = keys;
    this.ages.grow(keys);
  }
}

class ShuffledZipf implements Popularity {
  private readonly ranks: AliasTable;
  private readonly keyOfRank: number[];

  constructor(keys: number, alpha: number, random: Random) {
    this.keyOfRank = random.shuffle(Array.from({ length: keys }, (_, index) => index));
    this.ranks = new AliasTable(zipfWeights(keys, alpha), random);
  }

  next(): number {
    return this.keyOfRank[this.ranks.next()] as number;
  }

  grow(): void {
    throw new Error('this popularity is of a fixed number of keys');
  }
}

class Sequence implements Popularity {
  private at = 0;

  constructor(private readonly indices: readonly number[]) {
    invariant(indices.length > 0, 'a sequence is not empty');
  }

  next(): number {
    const index = this.indices[this.at] as number;
    this.at = (this.at + 1) % this.indices.length;
    return index;
  }

  grow(): void {
    throw new Error('this sequence is of a fixed number of keys');
  }
}

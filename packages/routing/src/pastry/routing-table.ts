/**
 * The routing table: row r holds peers whose ids share just r leading digits with the own one, one place for
 * each value of digit r.
 *
 * A hop by the table settles one more digit of the key. Many peers fit a place of the upper rows; the one
 * that is closest under the proximity metric keeps it, and where the metric is silent the first come.
 */

import type { IdSpace } from './id-space';

export interface TableEntry<P> {
  readonly id: bigint;
  readonly peer: P;
  /** Under the proximity metric; Infinity when unknown. */
  readonly distance: number;
}

export class RoutingTable<P> {
  private readonly rows: (TableEntry<P> | undefined)[][] = [];
  private filled = 0;

  constructor(
    private readonly space: IdSpace,
    readonly own: bigint,
  ) {}

  /** Number of filled places. */
  get size(): number {
    return this.filled;
  }

  /** Rows up to the last one that has an entry. */
  get depth(): number {
    return this.rows.length;
  }

  at(row: number, column: number): TableEntry<P> | undefined {
    return this.rows[row]?.[column];
  }

  /** The entry that shares one digit more with the key than the own id does. */
  towards(key: bigint): TableEntry<P> | undefined {
    const row = this.space.sharedDigits(this.own, key);
    return row < this.rows.length ? this.at(row, this.space.digit(key, row)) : undefined;
  }

  has(id: bigint): boolean {
    return this.towards(id)?.id === id;
  }

  /** True when it has the place afterwards. */
  add(id: bigint, peer: P, distance = Infinity): boolean {
    if (id === this.own) return false;
    const row = this.space.sharedDigits(this.own, id);
    const column = this.space.digit(id, row);
    const holder = this.at(row, column);
    if (holder && holder.id !== id && holder.distance <= distance) return false;
    while (this.rows.length <= row) this.rows.push([]);
    if (!holder) this.filled++;
    (this.rows[row] as (TableEntry<P> | undefined)[])[column] = { id, peer, distance };
    return true;
  }

  remove(id: bigint): boolean {
    if (!this.has(id)) return false;
    const row = this.space.sharedDigits(this.own, id);
    (this.rows[row] as (TableEntry<P> | undefined)[])[this.space.digit(id, row)] = undefined;
    this.filled--;
    while (this.rows.length > 0 && this.row(this.rows.length - 1).length === 0) this.rows.pop();
    return true;
  }

  /** The entries of a row, by rising digit. */
  row(row: number): TableEntry<P>[] {
    return (this.rows[row] ?? []).filter((entry) => entry !== undefined);
  }

  entries(): TableEntry<P>[] {
    return this.rows.flatMap((_, row) => this.row(row));
  }
}

/**
 * How a primary gets damaged entries back from its followers.
 *
 * A live follower of the whole arc holds, at the commit point as of which it was asked, what the primary holds. Its
 * answer counts as it is, except for keys on which something was committed since the question. Any other follower may
 * have been away for a while, so its entry counts only if the damaged one can only have been that very entry
 * (`wasOnce`). So a node that was alone when it was damaged is mended by the copies that come back, and by nothing that
 * is older.
 */

import type { KeyRange, RingKey, Seq } from '@ringkeep/shared';
import { wasOnce } from '@ringkeep/shared/operations';
import { REPAIR_KEYS_MAX } from '../limits';
import type { DiskLog, Repairing, StoredCopies, TransferSettings } from '../context';
import type { Entry } from '../replica/entry-store';
import type { FollowerSession } from './follower-session';
import type { Followers } from './followers';
import { damagedEntries, isDamaged, repairFrom } from '../replica/mending';
import type { Repair } from '../messages';
import type { Replica } from '../replica/replica';

type RepairsContext = StoredCopies & DiskLog & Repairing & TransferSettings;

export class Repairs {
  /** The commit point of the newest question; undefined when none is open. */
  private askedAt: Seq | undefined;
  /** On which something was committed since. */
  private readonly written = new Set<RingKey>();

  constructor(
    private readonly context: RepairsContext,
    private readonly replica: Replica,
    private readonly followers: Followers,
  ) {}

  ask(ranges: readonly KeyRange[]): void {
    const followers = this.followers.all();
    const { committed } = this.replica;
    this.askedAt = followers.some(isLevel) ? committed : undefined;
    this.written.clear();
    let exact: readonly KeyRange[] | undefined;
    for (const session of followers) {
      const asked = isLevel(session)
        ? ranges
        : (exact ??= damagedEntries(this.context.replicas.entries, ranges));
      if (asked.length > 0) session.send({ kind: 'damaged', ranges: asked, committed });
    }
  }

  /** A follower asks for what it has damaged. */
  answer(session: FollowerSession, ranges: readonly KeyRange[]): void {
    session.send(repairFrom(this.context, ranges, this.replica.committed));
  }

  committed(entries: readonly Entry[]): void {
    if (this.askedAt === undefined) return;
    for (const { key } of entries) this.written.add(key);
    if (this.written.size <= REPAIR_KEYS_MAX) return;
    this.askedAt = undefined;
    this.written.clear();
  }

  take(session: FollowerSession, repair: Repair): void {
    const counts = isLevel(session) && repair.committed === this.askedAt;
    if (counts) for (const range of repair.ranges) this.takeRange(range, repair.entries);
    else for (const entry of repair.entries) this.takeEntry(entry);
    this.context.mending.checkNow();
  }

  private takeRange(range: KeyRange, sent: readonly Entry[]): void {
    const { entries } = this.context.replicas;
    if (!isDamaged(entries, range)) return;
    const kept = [...this.written]
      .filter((key) => isIn(range, key))
      .map((key) => ({ key, value: entries.raw(key) }));
    const taken = sent.filter(({ key }) => isIn(range, key) && !this.written.has(key));
    this.mend(range, [...taken, ...kept.filter(({ value }) => value !== undefined)]);
  }

  private takeEntry(entry: Entry): void {
    const { entries } = this.context.replicas;
    const range = { from: entry.key, to: `${entry.key}\0` as RingKey };
    const damaged = entries.raw(entry.key);
    if (damaged === undefined || entry.value === undefined || !isDamaged(entries, range)) return;
    if (wasOnce(damaged, entry.value)) this.mend(range, [entry]);
  }

  private mend(range: KeyRange, entries: readonly Entry[]): void {
    this.context.journal.write({ kind: 'mend', start: this.replica.start, ranges: [range], entries });
  }
}

/** It holds what its primary does, at the same commit point. */
function isLevel({ live, transferring, coversArc }: FollowerSession): boolean {
  return live && !transferring && coversArc;
}

export function isIn(range: KeyRange, key: RingKey): boolean {
  return key >= range.from && (range.to === undefined || key < range.to);
}

/**
 * A primary's side of one follower's stream: what was sent, what was acknowledged, how far a transfer is.
 *
 * A session lives as long as its stream; acknowledgements never outlive it (an acknowledgement from
 * before a copy was wiped would make an empty copy look level).
 *
 * Transfer: chunks of the readable state in ring order, each read when it is sent, first in first out
 * with the operations that commit meanwhile. An operation on a key beyond the cursor is not sent: the
 * chunk that covers the key is read later and holds it.
 */

import {
  arcKeyRanges,
  arcsEqual,
  CHUNK_BYTES_TARGET,
  TRANSFER_WINDOW_BYTES,
  type Arc,
  type Bytes,
  type KeyRange,
  type NodeId,
  type RingKey,
  type Seq,
} from '@ringkeep/shared';
import { LAG_BYTES_MAX } from './config';
import type { Entry } from './entry-store';
import {
  entryBytes,
  type Acknowledge,
  type PrimaryBody,
  type SequencedOp,
  type StreamName,
} from './messages';
import type { NodeContext } from './context';
import { arcKeyTest } from '@ringkeep/shared';

export class FollowerSession {
  /** Chunks are still to be sent; afterwards it gets every prepare. */
  transferring: boolean;
  /** Durable at the follower; undefined until it has acknowledged on this stream. */
  acked: Seq | undefined;
  /** Applied, durably, at the follower. */
  applied: Seq = -1;
  /** It has acknowledged as live. */
  live = false;
  heardAt: number;
  private sentAt = 0;
  private sentBytes = 0;
  private takenBytes = 0;
  private unacked: { readonly seq: Seq; readonly bytes: number }[] = [];
  private unackedBytes = 0;
  private readonly ranges: readonly KeyRange[];
  private rangeIndex = 0;
  private cursor: Bytes;
  private readonly holds: (key: RingKey) => boolean;

  constructor(
    private readonly context: NodeContext,
    readonly connection: number,
    readonly follower: NodeId,
    readonly stream: StreamName,
    readonly range: Arc,
    private readonly arc: Arc,
    transferring: boolean,
  ) {
    this.heardAt = context.now;
    this.transferring = transferring;
    this.ranges = arcKeyRanges(range);
    this.cursor = (this.ranges[0] as KeyRange).from;
    this.holds = arcKeyTest(range);
  }

  get coversArc(): boolean {
    return arcsEqual(this.range, this.arc);
  }

  send(body: PrimaryBody): void {
    this.sentAt = this.context.now;
    this.context.emit({
      kind: 'send-to-follower',
      connection: this.connection,
      message: { stream: this.stream, sentAtMs: this.context.now, body },
    });
  }

  close(): void {
    this.context.emit({ kind: 'close-follower', connection: this.connection });
  }

  acknowledged(message: Acknowledge): void {
    this.heardAt = this.context.now;
    this.takenBytes = message.takenBytes;
    if (!message.live) return;
    this.live = true;
    this.acked = Math.max(this.acked ?? 0, message.prepared);
    this.applied = Math.max(this.applied, message.applied);
    while (this.unacked.length > 0 && (this.unacked[0] as { seq: Seq }).seq <= this.acked) {
      this.unackedBytes -= (this.unacked.shift() as { bytes: number }).bytes;
    }
  }

  /** Takes over what another stream of the follower had acknowledged: never done, but where a rule is left out. */
  inherit(before: FollowerSession): void {
    this.acked = before.acked;
    this.applied = before.applied;
    this.live = before.live;
  }

  /** It is so far behind that what waits for it would fill the memory. */
  get lagging(): boolean {
    return this.unackedBytes > LAG_BYTES_MAX || this.sentBytes - this.takenBytes > LAG_BYTES_MAX;
  }

  prepare(firstSeq: Seq, ops: readonly SequencedOp[], committed: Seq): void {
    if (this.transferring) return;
    const mine = this.coversArc ? ops : ops.map((op) => (op && this.holds(op.key) ? op : undefined));
    const bytes = entryBytes(mine.filter((op) => op !== undefined));
    this.unacked.push({ seq: firstSeq + ops.length - 1, bytes });
    this.unackedBytes += bytes;
    this.send({ kind: 'prepare', firstSeq, ops: mine, committed });
  }

  /** Operations were committed while chunks are on their way. */
  committedMeanwhile(entries: readonly Entry[]): void {
    if (!this.transferring) return;
    if (!this.context.rules.passedKeysFollow) return;
    const passed = entries.filter((entry) => this.holds(entry.key) && this.passed(entry.key));
    if (passed.length === 0) return;
    this.sentBytes += entryBytes(passed);
    this.send({ kind: 'committed-ops', entries: passed });
  }

  private passed(key: RingKey): boolean {
    const at = this.ranges.findIndex(
      (range) => key >= range.from && (range.to === undefined || key < range.to),
    );
    return at < this.rangeIndex || (at === this.rangeIndex && key < this.cursor);
  }

  /** Sends the next chunk if the follower has room for it; true when another may follow at once. */
  pump(committed: Seq, window: readonly SequencedOp[]): boolean {
    if (!this.transferring || this.sentBytes - this.takenBytes > TRANSFER_WINDOW_BYTES - CHUNK_BYTES_TARGET)
      return false;
    const range = this.ranges[this.rangeIndex];
    if (range === undefined) {
      this.transferring = false;
      // A copy: the window grows before the message is encoded.
      const mine = window.map((op) => (op && (this.coversArc || this.holds(op.key)) ? op : undefined));
      this.send({ kind: 'live', committed, window: mine });
      return false;
    }
    const page = this.context.replicas.entries.scan({ from: this.cursor, to: range.to }, CHUNK_BYTES_TARGET);
    if (page.next !== undefined) this.cursor = page.next;
    else if (++this.rangeIndex < this.ranges.length)
      this.cursor = (this.ranges[this.rangeIndex] as KeyRange).from;
    if (page.entries.length > 0) {
      this.sentBytes += entryBytes(page.entries);
      this.send({ kind: 'chunk', entries: page.entries });
    }
    return true;
  }

  beat(committed: Seq, periodMs: number): void {
    if (this.context.now - this.sentAt >= periodMs) this.send({ kind: 'heartbeat', committed });
    this.context.wakeAt(this.sentAt + periodMs);
  }
}

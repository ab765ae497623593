/**
 * A primary's side of one follower's stream: what was sent, what was acknowledged, and how far a transfer has come.
 *
 * A session lives as long as its stream, and acknowledgements never outlive it: one from before a copy was wiped would
 * make an empty copy look level.
 */

import type { Arc, NodeId, RingKey, Seq, TermStart } from '@ringkeep/shared';
import { arcKeyTest, arcsEqual } from '@ringkeep/shared/ring/arc';
import { historyWithin, termsBetween, truncateHistory } from '@ringkeep/shared/ring/log-history';
import { LAG_BYTES_MAX, PACE_MS_MAX } from '../limits';
import type { Entry } from '../replica/entry-store';
import {
  inMessages,
  type Acknowledge,
  type Digests,
  type OpenStream,
  type PrimaryBody,
  type StreamName,
} from '../messages';
import type { Outbox, Repairing, RuleSettings, StepTime, StoredCopies, TransferSettings } from '../context';
import type { Replica } from '../replica/replica';
import type { Takeover } from './takeover';
import { Transfer } from './transfer';
import { entryBytes, opsBytes, opsWithin, type HashPoint, type SequencedOp } from '../replica/sequenced-op';

interface OpenedStream {
  readonly connection: number;
  readonly stream: StreamName;
  readonly open: OpenStream;
  readonly arc: Arc;
  /** It gets a transfer first; a member does not. */
  readonly startsOver: boolean;
}

export type FollowerSessionContext = StepTime &
  Outbox &
  StoredCopies &
  Repairing &
  RuleSettings &
  TransferSettings;

export class FollowerSession {
  readonly connection: number;
  readonly stream: StreamName;
  readonly range: Arc;
  readonly follower: NodeId;
  /** The process that opened the stream: what it acknowledges says nothing of a later one's disk. */
  readonly incarnation: number;
  readonly process: bigint;
  /** Chunks are still to be sent; afterwards it gets every prepare. */
  transferring: boolean;
  /** Durable at the follower; undefined until it has acknowledged on this stream. */
  acked: Seq | undefined;
  /** Applied, durably, at the follower. */
  applied: Seq = -1;
  /** It has acknowledged as live. */
  live = false;
  /** Its disk takes only what makes room. */
  full = false;
  heardAt: number;
  private sentAt = 0;
  private sentBytes = 0;
  private takenBytes = 0;
  /**
   * Chunks that the follower has not taken. Only they wait for room: operations that commit meanwhile would leave none.
   */
  private untaken: { readonly upToBytes: number; readonly bytes: number }[] = [];
  private unacked: { readonly seq: Seq; readonly bytes: number; readonly sentAt: number }[] = [];
  private unackedBytes = 0;
  private readonly arc: Arc;
  private readonly transfer: Transfer;
  /** The window at the end of a transfer that goes without it: never, but where a rule is left out. */
  private owed: { readonly firstSeq: Seq; readonly ops: readonly SequencedOp[] } | undefined;
  private readonly holds: (key: RingKey) => boolean;

  constructor(
    private readonly context: FollowerSessionContext,
    { connection, stream, open, arc, startsOver }: OpenedStream,
  ) {
    this.connection = connection;
    this.stream = stream;
    this.follower = open.follower;
    this.incarnation = open.incarnation;
    this.process = open.process;
    this.range = open.range;
    this.arc = arc;
    this.heardAt = context.now;
    this.transferring = startsOver;
    this.transfer = new Transfer(
      context.replicas.entries,
      open.range,
      open.sendsDigests,
      context.transferSizes,
      context.rules.isCheckedBeforeSending(),
    );
    this.holds = arcKeyTest(open.range);
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
    while (this.untaken[0] && this.untaken[0].upToBytes <= this.takenBytes) this.untaken.shift();
    this.full = message.full;
    if (!message.live) return;
    this.live = true;
    this.acked = Math.max(this.acked ?? 0, message.prepared);
    this.applied = Math.max(this.applied, message.applied);
    while (this.unacked.length > 0 && (this.unacked[0] as { seq: Seq }).seq <= this.acked) {
      this.unackedBytes -= (this.unacked.shift() as { bytes: number }).bytes;
    }
  }

  /** It is live and has everything up to a number. */
  isLevelAt(seq: Seq): boolean {
    return this.live && (this.acked ?? -1) >= seq;
  }

  /** It is live, and what it has not acknowledged is all on its way. */
  get keepsPace(): boolean {
    const oldest = this.unacked[0];
    return this.live && (!oldest || this.context.now - oldest.sentAt <= PACE_MS_MAX);
  }

  /** It is so far behind that what waits for it would fill the memory. */
  get lagging(): boolean {
    return this.unackedBytes > LAG_BYTES_MAX || this.sentBytes - this.takenBytes > LAG_BYTES_MAX;
  }

  /** `terms`: in which the operations got their numbers, when that is not the stream's. */
  prepare(firstSeq: Seq, ops: readonly SequencedOp[], committed: Seq, terms?: readonly TermStart[]): void {
    if (this.transferring) return;
    this.sendOwed(committed);
    const mine = this.coversArc ? ops : opsWithin(ops, this.holds);
    const bytes = opsBytes(mine);
    this.unacked.push({ seq: firstSeq + ops.length - 1, bytes, sentAt: this.context.now });
    this.unackedBytes += bytes;
    this.send({ kind: 'prepare', firstSeq, ops: mine, committed, ...(terms && { terms }) });
  }

  /** Operations of the window in several messages. */
  prepareAll(
    firstSeq: Seq,
    parts: readonly (readonly SequencedOp[])[],
    { history, committed }: Replica,
  ): void {
    let next = firstSeq;
    for (const ops of parts) {
      this.prepare(next, ops, committed, termsBetween(history, next, next + ops.length - 1));
      next += ops.length;
    }
  }

  /** A takeover's hash begins with the whole window: it is not known to whom the rest of it comes later. */
  hashBefore(rest: readonly unknown[], hash: HashPoint | undefined): HashPoint | undefined {
    return rest.length > 0 && hash?.term !== this.stream.term ? undefined : hash;
  }

  /** Operations were committed while chunks are on their way. */
  committedMeanwhile(entries: readonly Entry[]): void {
    if (!this.transferring) return;
    const { rules } = this.context;
    const passed = entries.filter(
      (entry) => this.holds(entry.key) && rules.followsChunk(this.transfer.passed(entry.key)),
    );
    if (passed.length === 0) return;
    this.sentBytes += entryBytes(passed);
    for (const entries of inMessages(passed, this.context.transferSizes.messageBytes))
      this.send({ kind: 'committed-ops', entries });
  }

  /** The follower says what it has of the range. @returns why that cannot be, or undefined */
  compare({ buckets }: Digests): string | undefined {
    this.heardAt = this.context.now;
    return this.transferring ? this.transfer.take(buckets) : 'digests after the transfer';
  }

  /** Goes on with the transfer if the follower has room for more; true when it may go on again at once. */
  pump(replica: Replica, takeover: Takeover): boolean {
    const { transfer } = this;
    const { committed, window, overrules } = replica;
    const { chunkBytes, windowBytes } = this.context.transferSizes;
    if (!this.transferring || transfer.waits) return false;
    if (this.untaken.reduce((sum, { bytes }) => sum + bytes, 0) > windowBytes - chunkBytes) return false;
    if (transfer.done) {
      this.transferring = false;
      // A copy: the window grows before the message is encoded.
      const mine = this.coversArc ? [...window] : opsWithin(window, this.holds);
      const [first = [], ...rest] = inMessages(mine, this.context.transferSizes.messageBytes);
      if (!this.context.rules.windowEndsTransfer()) this.owed = { firstSeq: committed + 1, ops: mine };
      const sent = this.owed ? [] : first;
      const known = this.coversArc ? takeover.hashAt(committed + sent.length) : undefined;
      const history = historyWithin(truncateHistory(replica.history, committed + sent.length), this.range);
      const hash = this.hashBefore(rest, known);
      this.send({ kind: 'live', committed, window: sent, history, overrules, hash });
      if (!this.owed) this.prepareAll(committed + first.length + 1, rest, replica);
      return false;
    }
    const chunk = transfer.next();
    if (chunk.ranges.length > 0) {
      const bytes = entryBytes(chunk.entries);
      this.sentBytes += bytes;
      this.untaken.push({ upToBytes: this.sentBytes, bytes });
      this.send({ kind: 'chunk', ...chunk });
    }
    if (transfer.damaged) {
      this.context.mending.found(transfer.damaged);
      return false;
    }
    if (transfer.wantsDigests()) this.send({ kind: 'compared' });
    return !transfer.waits;
  }

  private sendOwed(committed: Seq): void {
    if (!this.owed) return;
    this.send({ kind: 'prepare', ...this.owed, committed });
    this.owed = undefined;
  }

  beat(committed: Seq, periodMs: number): void {
    if (this.context.now - this.sentAt >= periodMs) {
      if (this.owed) this.sendOwed(committed);
      else this.send({ kind: 'heartbeat', committed });
    }
    this.context.wakeAt(this.sentAt + periodMs);
  }
}

/**
 * The follower's side of one stream: copy a range, then go on following it.
 *
 * A link belongs to one term of one arc; node.ts closes it when the ring says otherwise, so that what
 * still arrives on it is ignored. Acknowledgements wait for the disk and carry the lease: first this node
 * notes what it grants, then it answers.
 *
 * A copy ends only on order: start-over or release on this, the newest stream, in the term in which it was
 * opened, from the primary of the newest configuration known, which has compared the logs that the opening
 * names. Release erases it; after start-over its entries are no more than what the transfer (intake.ts) need not
 * bring. What was prepared and is discarded is handed out (discard.ts).
 */

import type { Arc, ArcConfig, LogExtent, KeyRange, Member, RingKey, Seq, TermStart } from '@ringkeep/shared';
import { arcCovers, arcInside, arcsEqual, arcKeyTest } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import type { NodeContext } from '../context';
import { discard } from '../replica/discard';
import type { Chunk, Entry } from '../replica/entry-store';
import { changesToMatch, Intake } from './intake';
import { isDamaged, repairFrom } from '../replica/mending';
import {
  entryBytes,
  sameStream,
  type Damaged,
  type FollowerBody,
  type PrimaryBody,
  type PrimaryMessage,
  type Repair,
  type SequencedOp,
  type StreamName,
} from '../messages';
import type { Replica } from '../replica/replica-store';
import { RunningHash, type HashPoint } from '../replica/running-hash';

interface TermedOps {
  readonly firstSeq: Seq;
  readonly ops: readonly SequencedOp[];
  readonly terms: readonly TermStart[];
}

type Phase = 'opening' | 'transferring' | 'live';

export class Following {
  phase: Phase = 'opening';
  readonly stream: StreamName;
  heardAt: number;
  /** Entries that came in chunks. */
  received = 0;
  private takenBytes = 0;
  private readonly compares: boolean;
  /** Of the copies as they were on opening; none, once the log is the primary's. */
  private logs: readonly LogExtent[];
  private intake: Intake | undefined;
  private toAcknowledge: number | undefined;
  private ended = false;
  private readonly holds: (key: RingKey) => boolean;

  constructor(
    private readonly context: NodeContext,
    readonly connection: number,
    readonly range: Arc,
    readonly arc: ArcConfig,
    readonly primary: Member,
  ) {
    this.heardAt = context.now;
    this.stream = { start: arc.start, term: arc.term, number: connection };
    this.holds = arcKeyTest(range);
    const copy = this.copy();
    this.compares = context.replicas.size(range).keys > 0;
    this.logs = this.wholeLogs();
    if (!context.rules.oneGrantForAll) context.grants.forget(range);
    context.report({ kind: 'following', range, primary: primary.id });
    context.emit({
      kind: 'open-stream',
      connection,
      to: primary,
      message: {
        stream: this.stream,
        body: {
          kind: 'open',
          follower: context.self,
          incarnation: context.incarnation,
          process: context.process,
          range,
          lastPrepared: copy?.lastPrepared ?? 0,
          committed: copy?.committed ?? 0,
          complete: copy?.complete ?? false,
          compares: this.compares,
          logs: this.logs,
          conflict: this.overlapping().find(({ conflict }) => conflict)?.conflict,
          ring: context.view.ring,
        },
      },
    });
  }

  /** It still is what the ring asks for. */
  serves(range: Arc, arc: ArcConfig): boolean {
    return (
      arcsEqual(range, this.range) &&
      arc.start === this.arc.start &&
      arc.term === this.arc.term &&
      arc.primary === this.primary.id &&
      !this.ended
    );
  }

  close(text: string): void {
    if (this.ended) return;
    this.ended = true;
    this.context.emit({ kind: 'close-stream', connection: this.connection });
    this.context.report({ kind: 'following-ended', range: this.range, text });
  }

  /** @returns how the stream goes on: as it is, or opened again at once or later */
  receive(message: PrimaryMessage): 'go-on' | 'again' | 'later' | 'released' {
    if (this.ended || !sameStream(message.stream, this.stream)) return 'go-on';
    this.heardAt = this.context.now;
    return this.apply(message.body, message.sentAtMs);
  }

  private apply(body: PrimaryBody, sentAtMs: number): 'go-on' | 'again' | 'later' | 'released' {
    switch (body.kind) {
      case 'adopt':
        return this.context.adopt(body.ring) ? 'again' : 'later';
      case 'wait':
        return 'later';
      case 'align':
        this.align(body);
        break;
      case 'start-over':
        this.startOver(body.shared);
        break;
      case 'chunk':
        this.received += body.entries.length;
        this.install(this.changesToMatch(body));
        this.takenBytes += entryBytes(body.entries);
        break;
      case 'committed-ops':
        this.install(body.entries);
        this.takenBytes += entryBytes(body.entries);
        break;
      case 'compared':
        this.sendDigests();
        break;
      case 'live':
        this.becomeLive(body);
        break;
      case 'prepare':
        this.prepare(body);
        this.commit(body.committed);
        break;
      case 'heartbeat':
        if (this.phase === 'live') this.commit(body.committed);
        break;
      case 'damaged':
        this.answerDamaged(body);
        break;
      case 'repair':
        this.repair(body);
        break;
      case 'release':
        this.forget(body.shared);
        return 'released';
    }
    this.toAcknowledge = sentAtMs;
    return 'go-on';
  }

  private overlapping(): Replica[] {
    return this.context.replicas.overlapping(this.range);
  }

  /** Of all that is here of the range and whole. */
  private wholeLogs(): LogExtent[] {
    const whole = this.overlapping().filter(({ complete }) => complete);
    return whole.flatMap((copy) => arcInside(copy.range, this.range).map((part) => copy.logWithin(part)));
  }

  private copy(): Replica | undefined {
    const copy = this.context.replicas.get(this.range.start);
    return copy && arcsEqual(copy.range, this.range) ? copy : undefined;
  }

  private liveCopy(): Replica {
    const copy = this.copy();
    invariant(copy?.complete, 'a copy is complete before operations are prepared on it');
    return copy;
  }

  private align(body: Extract<PrimaryBody, { kind: 'align' }>): void {
    const copy = this.liveCopy();
    const { journal, rules } = this.context;
    const { firstSeq, lastPrepared, overrules } = body;
    const shared = firstSeq - 1;
    invariant(copy.committed <= shared, 'a member has committed only what its primary has');
    invariant(shared <= copy.lastPrepared, 'a member is given what follows on its log');
    invariant(body.committed <= lastPrepared, 'a primary commits what it has');
    const { start } = copy;
    const own = copy.hashAt(shared);
    invariant(
      !own || own.term !== body.hash?.term || own.value === body.hash.value,
      'a member has the operations that its primary has',
    );
    if (own?.term !== this.stream.term) this.takeHash(copy, body.hash, shared, lastPrepared);
    if (copy.lastPrepared > shared && rules.strayOpsDiscarded) {
      discard(this.context, copy, shared, this.holds);
      journal.writePrepared({ kind: 'truncate', start, lastPrepared: shared });
    }
    this.takeOps(copy, body);
    invariant(
      copy.lastPrepared === lastPrepared || !rules.strayOpsDiscarded,
      'an aligned member has what its primary has',
    );
    if (overrules > copy.overrules) journal.write({ kind: 'overrule', start, term: overrules });
    if (copy.liveTerm < this.stream.term) journal.write({ kind: 'live-term', start, term: this.stream.term });
    this.phase = 'live';
    this.logs = [];
    this.commit(body.committed);
  }

  /** The operations that the copy lacks, those of each term as one record. */
  private takeOps(copy: Replica, { firstSeq, ops, terms }: TermedOps): void {
    const { start } = copy;
    for (const [index, { term, first }] of terms.entries()) {
      const end = terms[index + 1]?.first ?? firstSeq + ops.length;
      const from = Math.max(first, copy.lastPrepared + 1);
      const part = ops.slice(from - firstSeq, end - firstSeq);
      if (part.length === 0) continue;
      this.context.journal.writePrepared({ kind: 'prepare', start, firstSeq: from, ops: part, term });
    }
  }

  /** The hash of this term begins with the end of its takeover; before that, the primary's is of another term. */
  private takeHash(copy: Replica, hash: HashPoint | undefined, at: Seq, lastPrepared: Seq): void {
    const { term } = this.stream;
    const begun = hash?.term === term;
    copy.hash = hash && new RunningHash(term, begun ? at : lastPrepared, begun ? hash.value : 0);
  }

  private startOver(shared: readonly Seq[] = []): void {
    const { journal, replicas, transferSizes, view, self, rules } = this.context;
    invariant(
      !view.arcsWithin(this.range).some((arc) => arc.inSync.includes(self)) || !rules.membersAreAligned,
      'a member is never started over',
    );
    this.handOutDiscarded(shared);
    this.logs = [];
    journal.write({ kind: 'transfer', range: this.range });
    this.phase = 'transferring';
    this.intake = new Intake(replicas.entries, this.range, transferSizes);
    if (this.compares) this.sendDigests();
  }

  /** What the primary does not have of the logs that were named; without its word, all that is not committed. */
  private handOutDiscarded(shared: readonly Seq[]): void {
    for (const [index, { range }] of this.logs.entries()) {
      const copy = this.overlapping().find((each) => arcCovers(each.range, range));
      if (copy) discard(this.context, copy, Math.max(copy.committed, shared[index] ?? 0), this.holds);
    }
  }

  private sendDigests(): void {
    const buckets = this.intake?.nextDigests();
    invariant(this.compares && buckets, 'digests are asked for while there are more');
    this.send({ kind: 'digests', buckets });
  }

  private changesToMatch(chunk: Chunk): readonly Entry[] {
    const changes = changesToMatch(this.context.replicas.entries, chunk);
    return this.context.rules.absentKeysErased
      ? changes
      : changes.filter((entry) => entry.value !== undefined);
  }

  private install(sent: readonly Entry[]): void {
    invariant(this.phase === 'transferring', 'entries come after start-over');
    const entries = sent.every(({ key }) => this.holds(key))
      ? sent
      : sent.filter(({ key }) => this.holds(key));
    if (entries.length > 0) this.context.journal.write({ kind: 'install', start: this.range.start, entries });
  }

  private becomeLive(body: Extract<PrimaryBody, { kind: 'live' }>): void {
    invariant(this.phase === 'transferring', 'a transfer ends after it has begun');
    const { committed, window, hash, history, overrules } = body;
    const { journal } = this.context;
    journal.writePrepared({
      kind: 'complete',
      start: this.range.start,
      committed,
      window,
      term: this.stream.term,
      history,
    });
    const copy = this.liveCopy();
    if (overrules > copy.overrules) journal.write({ kind: 'overrule', start: copy.start, term: overrules });
    this.takeHash(copy, hash, copy.lastPrepared, copy.lastPrepared);
    this.phase = 'live';
    const { keys } = this.context.replicas.size(this.range);
    this.context.report({ kind: 'live', range: this.range, keys, received: this.received });
  }

  private prepare(body: Extract<PrimaryBody, { kind: 'prepare' }>): void {
    invariant(this.phase === 'live', 'operations are prepared on a live copy');
    const copy = this.liveCopy();
    const { firstSeq, ops, terms } = body;
    invariant(firstSeq === copy.lastPrepared + 1, 'operations arrive in order on a stream');
    if (terms) this.takeOps(copy, { firstSeq, ops, terms });
    else this.context.journal.writePrepared({ kind: 'prepare', start: copy.start, firstSeq, ops });
  }

  private commit(seq: number): void {
    const copy = this.liveCopy();
    invariant(seq <= copy.lastPrepared, 'a commit point comes after what it commits');
    if (seq > copy.committed) this.context.journal.writeLazily({ kind: 'commit', start: copy.start, seq });
  }

  /** Asks the primary for ranges of this copy that are damaged. */
  askRepair(ranges: readonly KeyRange[]): void {
    if (this.phase === 'live' && !this.ended) this.send({ kind: 'damaged', ranges, committed: 0 });
  }

  /** The primary's entries are damaged. Those of a copy that counts as nothing may still be what it had. */
  private answerDamaged({ ranges, committed }: Damaged): void {
    const live = this.phase === 'live';
    if (live) this.commit(committed);
    this.send(repairFrom(this.context, ranges, live ? this.liveCopy().committed : 0));
  }

  /** As of the primary's commit point: this copy has to be there first. */
  private repair({ ranges, entries, committed }: Repair): void {
    if (this.phase !== 'live') return;
    this.commit(committed);
    const { journal, replicas, mending } = this.context;
    const damaged = ranges.filter((range) => isDamaged(replicas.entries, range));
    const start = this.liveCopy().start;
    if (damaged.length > 0) journal.write({ kind: 'mend', start, ranges: damaged, entries });
    mending.checkNow();
  }

  /** Ends all that is here of the range; what copies have beyond it stays. */
  private forget(shared: readonly Seq[] = []): void {
    const { journal } = this.context;
    const copies = this.overlapping();
    this.handOutDiscarded(shared);
    if (copies.some(({ range }) => !arcsEqual(range, this.range)))
      journal.write({ kind: 'transfer', range: this.range });
    if (copies.length > 0) journal.write({ kind: 'forget', start: this.range.start });
    this.context.report({ kind: 'erased', range: this.range });
    this.close('released');
  }

  /** End of a step: one acknowledgement for all that came in it, when it is durable. */
  flush(): void {
    const sentAtMs = this.toAcknowledge;
    if (sentAtMs === undefined || this.ended) return;
    this.toAcknowledge = undefined;
    const copy = this.copy();
    const live = this.phase === 'live';
    const prepared = live && copy ? copy.lastPrepared : 0;
    const applied = live && copy ? copy.committed : 0;
    const { takenBytes, context } = this;
    const acknowledge = (): void => {
      if (this.ended) return;
      if (live) context.grants.grant(this.range, context.now + context.parameters.leaseMs);
      const full = context.roomLacking !== undefined;
      this.send({ kind: 'acknowledge', prepared, applied, live, sentAtMs, takenBytes, full });
    };
    if (context.rules.acknowledgedWhenDurable) context.journal.whenDurable(acknowledge);
    else acknowledge();
  }

  private send(body: FollowerBody): void {
    this.context.emit({
      kind: 'send-to-primary',
      connection: this.connection,
      message: { stream: this.stream, body },
    });
  }
}

/**
 * The follower's side of one stream: copy a range, then go on following it.
 *
 * A link belongs to one term of one arc; node.ts closes it when the ring says otherwise, so that what
 * still arrives on it is ignored. Acknowledgements wait for the disk and carry the lease: first this node
 * notes what it grants, then it answers.
 *
 * A copy ends only on order: start-over or release on this, the newest stream, in the term in which it was
 * opened, from the primary of the newest configuration known. Release erases it; after start-over its entries
 * are no more than what the transfer (intake.ts) need not bring.
 */

import {
  arcsEqual,
  invariant,
  type Arc,
  type ArcConfig,
  type Member,
  type RingKey,
  type Seq,
  arcKeyTest,
} from '@ringkeep/shared';
import type { NodeContext } from './context';
import type { Chunk, Entry } from './entry-store';
import { changesToMatch, Intake } from './intake';
import {
  entryBytes,
  sameStream,
  type FollowerBody,
  type PrimaryBody,
  type PrimaryMessage,
  type SequencedOp,
  type StreamName,
} from './messages';
import type { Replica } from './replica-store';
import { RunningHash, type HashPoint } from './running-hash';

type Phase = 'opening' | 'transferring' | 'live';

export class Following {
  phase: Phase = 'opening';
  readonly stream: StreamName;
  heardAt: number;
  /** Entries that came in chunks. */
  received = 0;
  private takenBytes = 0;
  private readonly compares: boolean;
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
          range,
          lastPrepared: copy?.lastPrepared ?? 0,
          committed: copy?.committed ?? 0,
          complete: copy?.complete ?? false,
          compares: this.compares,
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
      case 'adopt': {
        const known = this.context.view.version;
        this.context.adopt(body.ring);
        return this.context.view.version > known ? 'again' : 'later';
      }
      case 'wait':
        return 'later';
      case 'align':
        this.align(body);
        break;
      case 'start-over':
        this.startOver();
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
        this.prepare(body.firstSeq, body.ops);
        this.commit(body.committed);
        break;
      case 'heartbeat':
        if (this.phase === 'live') this.commit(body.committed);
        break;
      case 'release':
        this.forget();
        return 'released';
    }
    this.toAcknowledge = sentAtMs;
    return 'go-on';
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
    const { journal } = this.context;
    invariant(copy.committed <= body.lastPrepared, 'a member has committed only what its primary has');
    invariant(copy.lastPrepared >= body.committed, 'a member lacks nothing that is committed');
    const { start } = copy;
    const own = copy.hashAt(body.firstSeq - 1);
    invariant(
      !own || own.term !== body.hash?.term || own.value === body.hash.value,
      'a member has the operations that its primary has',
    );
    if (own?.term !== this.stream.term) this.takeHash(copy, body.hash, body.firstSeq - 1, body.lastPrepared);
    if (copy.lastPrepared > body.lastPrepared && this.context.rules.strayOpsDiscarded)
      journal.writePrepared({ kind: 'truncate', start, lastPrepared: body.lastPrepared });
    const ops = body.ops.slice(copy.lastPrepared + 1 - body.firstSeq);
    if (ops.length > 0)
      journal.writePrepared({ kind: 'prepare', start, firstSeq: copy.lastPrepared + 1, ops });
    invariant(
      copy.lastPrepared === body.lastPrepared || !this.context.rules.strayOpsDiscarded,
      'an aligned member has what its primary has',
    );
    if (copy.liveTerm < this.stream.term) journal.write({ kind: 'live-term', start, term: this.stream.term });
    this.phase = 'live';
    this.commit(body.committed);
  }

  /** The hash of this term begins with the end of its takeover; before that, the primary's is of another term. */
  private takeHash(copy: Replica, hash: HashPoint | undefined, at: Seq, lastPrepared: Seq): void {
    const { term } = this.stream;
    const begun = hash?.term === term;
    copy.hash = hash && new RunningHash(term, begun ? at : lastPrepared, begun ? hash.value : 0);
  }

  private startOver(): void {
    const { journal, replicas, transferSizes, view, self, rules } = this.context;
    invariant(
      !view.arcsWithin(this.range).some((arc) => arc.inSync.includes(self)) || !rules.membersAreAligned,
      'a member is never started over',
    );
    journal.write({ kind: 'transfer', range: this.range });
    this.phase = 'transferring';
    this.intake = new Intake(replicas.entries, this.range, transferSizes);
    if (this.compares) this.sendDigests();
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

  private becomeLive({ committed, window, hash }: Extract<PrimaryBody, { kind: 'live' }>): void {
    invariant(this.phase === 'transferring', 'a transfer ends after it has begun');
    const { journal } = this.context;
    journal.writePrepared({
      kind: 'complete',
      start: this.range.start,
      committed,
      window,
      term: this.stream.term,
    });
    const copy = this.liveCopy();
    this.takeHash(copy, hash, copy.lastPrepared, copy.lastPrepared);
    this.phase = 'live';
    const { keys } = this.context.replicas.size(this.range);
    this.context.report({ kind: 'live', range: this.range, keys, received: this.received });
  }

  private prepare(firstSeq: number, ops: readonly SequencedOp[]): void {
    invariant(this.phase === 'live', 'operations are prepared on a live copy');
    const copy = this.liveCopy();
    invariant(firstSeq === copy.lastPrepared + 1, 'operations arrive in order on a stream');
    this.context.journal.writePrepared({ kind: 'prepare', start: copy.start, firstSeq, ops });
  }

  private commit(seq: number): void {
    const copy = this.liveCopy();
    invariant(seq <= copy.lastPrepared, 'a commit point comes after what it commits');
    if (seq > copy.committed) this.context.journal.writeLazily({ kind: 'commit', start: copy.start, seq });
  }

  private forget(): void {
    const copy = this.copy();
    if (copy) this.context.journal.write({ kind: 'forget', start: copy.start });
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
      this.send({ kind: 'acknowledge', prepared, applied, live, sentAtMs, takenBytes });
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

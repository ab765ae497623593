/**
 * The follower's side of one stream: copy a range, then keep following it.
 *
 * A stream belongs to one term of one arc. former-copies.ts has what is here when it is opened; followed-copy.ts is the
 * copy that is made from it and then follows. Acknowledgements wait for the disk and carry the lease: this node first
 * notes what it grants, and then answers.
 *
 * Only follower-links.ts closes a stream, when the ring or an answer says so, and never in the middle of a message. A
 * ring that a message brings is acted on when it is on the disk, not within the call.
 */

import type { Arc, ArcConfig, KeyRange, Member, Seq } from '@ringkeep/shared';
import { arcsEqual } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import type {
  DiskLimits,
  DiskLog,
  Granting,
  Outbox,
  ProcessIdentity,
  Repairing,
  Reports,
  RingArrivals,
  RingKnowledge,
  RuleSettings,
  StepTime,
  StoredCopies,
  TransferSettings,
} from '../context';
import {
  sameStream,
  type FollowerBody,
  type OpenStream,
  type PrimaryBody,
  type PrimaryBodyOf,
  type PrimaryMessage,
  type StreamName,
} from '../messages';
import type { Chunk, Entry } from '../replica/entry-store';
import { repairFrom } from '../replica/mending';
import { FollowedCopy } from './followed-copy';
import { FormerCopies } from './former-copies';
import { changesToMatch, Intake } from './intake';
import { entryBytes } from '../replica/sequenced-op';

type Phase =
  | { readonly kind: 'opening' }
  | { readonly kind: 'transferring'; readonly intake: Intake }
  | { readonly kind: 'live' };

/** How a stream goes on after a message: as it is, opened again at once or later, or not at all. */
export type NextOfStream = 'go-on' | 'again' | 'later' | 'released';

export type FollowingContext = StepTime &
  RingKnowledge &
  RingArrivals &
  ProcessIdentity &
  StoredCopies &
  DiskLog &
  DiskLimits &
  Granting &
  Outbox &
  Reports &
  Repairing &
  RuleSettings &
  TransferSettings;

export class Following {
  readonly stream: StreamName;
  heardAt: number;
  /** Entries that came in chunks. */
  private received = 0;
  private phase: Phase = { kind: 'opening' };
  private takenBytes = 0;
  private readonly former: FormerCopies;
  private readonly copy: FollowedCopy;
  private toAcknowledge: number | undefined;
  private closed = false;

  constructor(
    private readonly context: FollowingContext,
    readonly connection: number,
    readonly range: Arc,
    readonly arc: ArcConfig,
    readonly primary: Member,
  ) {
    this.heardAt = context.now;
    this.stream = { start: arc.start, term: arc.term, number: connection };
    this.former = new FormerCopies(context, range);
    this.copy = new FollowedCopy(context, range, arc.term);
    context.rules.followsAnew(context.grants, range);
    context.report({ kind: 'following', range, primary: primary.id });
    const message = { stream: this.stream, body: this.opening() };
    context.emit({ kind: 'open-stream', connection, to: primary, message });
  }

  private opening(): OpenStream {
    const { context, former, range } = this;
    const copy = this.copy.found;
    return {
      kind: 'open',
      follower: context.self,
      incarnation: context.incarnation,
      process: context.process,
      range,
      lastPrepared: copy?.lastPrepared ?? 0,
      committed: copy?.committed ?? 0,
      complete: copy?.complete ?? false,
      sendsDigests: former.haveEntries,
      logs: former.logs,
      conflict: former.conflict,
      ring: context.view.ring,
    };
  }

  get live(): boolean {
    return this.phase.kind === 'live';
  }

  /** It still is what the ring asks for. */
  serves(range: Arc, arc: ArcConfig): boolean {
    return (
      arcsEqual(range, this.range) &&
      arc.start === this.arc.start &&
      arc.term === this.arc.term &&
      arc.primary === this.primary.id
    );
  }

  close(text: string): void {
    this.closed = true;
    this.context.emit({ kind: 'close-stream', connection: this.connection });
    this.context.report({ kind: 'following-ended', range: this.range, text });
  }

  receive({ stream, body, sentAtMs }: PrimaryMessage): NextOfStream {
    if (!sameStream(stream, this.stream)) return 'go-on';
    this.heardAt = this.context.now;
    switch (body.kind) {
      case 'wait':
        return 'later';
      case 'adopt':
        return this.context.adopt(body.ring) ? 'again' : 'later';
      case 'release':
        this.former.release(body.shared);
        return 'released';
      default:
        this.follow(body);
        this.toAcknowledge = sentAtMs;
        return 'go-on';
    }
  }

  private follow(body: Exclude<PrimaryBody, PrimaryBodyOf<'wait' | 'adopt' | 'release'>>): void {
    switch (body.kind) {
      case 'align':
        return this.align(body);
      case 'start-over':
        return this.startOver(body.shared);
      case 'chunk':
        this.received += body.entries.length;
        return this.install(this.changesToMatch(body), body.entries);
      case 'committed-ops':
        return this.install(body.entries, body.entries);
      case 'compared':
        return this.sendDigests();
      case 'live':
        return this.becomeLive(body);
      case 'prepare':
        return this.prepare(body);
      case 'heartbeat':
        return this.live ? this.copy.commit(body.committed) : undefined;
      case 'damaged':
        return this.send(
          this.live
            ? this.copy.repairOf(body.ranges, body.committed)
            : repairFrom(this.context, body.ranges, 0),
        );
      case 'repair':
        return this.live ? this.copy.mend(body) : undefined;
    }
  }

  private align(body: PrimaryBodyOf<'align'>): void {
    this.copy.align(body);
    this.phase = { kind: 'live' };
    this.former.aligned();
  }

  private startOver(shared: readonly Seq[] | undefined): void {
    const { replicas, transferSizes } = this.context;
    this.former.startOver(shared);
    this.phase = { kind: 'transferring', intake: new Intake(replicas.entries, this.range, transferSizes) };
    if (this.former.haveEntries) this.sendDigests();
  }

  private sendDigests(): void {
    const buckets = this.phase.kind === 'transferring' ? this.phase.intake.nextDigests() : undefined;
    invariant(this.former.haveEntries && buckets, 'digests are asked for while there are more');
    this.send({ kind: 'digests', buckets });
  }

  private changesToMatch(chunk: Chunk): readonly Entry[] {
    const { rules, replicas } = this.context;
    return rules.takenOfTransfer(changesToMatch(replicas.entries, chunk));
  }

  /** `sent`: what the entries came in, which the primary counts. */
  private install(entries: readonly Entry[], sent: readonly Entry[]): void {
    invariant(this.phase.kind === 'transferring', 'entries come after start-over');
    this.copy.install(entries);
    this.takenBytes += entryBytes(sent);
  }

  private becomeLive(body: PrimaryBodyOf<'live'>): void {
    invariant(this.phase.kind === 'transferring', 'a transfer ends after it has begun');
    this.copy.complete(body);
    this.phase = { kind: 'live' };
    const { keys } = this.context.replicas.size(this.range);
    this.context.report({ kind: 'live', range: this.range, keys, received: this.received });
  }

  private prepare(body: PrimaryBodyOf<'prepare'>): void {
    invariant(this.live, 'operations are prepared on a live copy');
    this.copy.prepare(body);
    this.copy.commit(body.committed);
  }

  /** Asks the primary for ranges of this copy that are damaged. */
  askRepair(ranges: readonly KeyRange[]): void {
    if (this.live) this.send({ kind: 'damaged', ranges, committed: 0 });
  }

  /** End of a step: one acknowledgement for all that came in it, when it is durable. */
  flush(): void {
    const sentAtMs = this.toAcknowledge;
    if (sentAtMs === undefined) return;
    this.toAcknowledge = undefined;
    const { context, live, takenBytes } = this;
    const copy = live ? this.copy.found : undefined;
    const prepared = copy?.lastPrepared ?? 0;
    const applied = copy?.committed ?? 0;
    const acknowledge = (): void => {
      if (this.closed) return;
      if (live) context.grants.grant(this.range, context.now + context.parameters.leaseMs);
      const full = context.roomLacking !== undefined;
      this.send({ kind: 'acknowledge', prepared, applied, live, sentAtMs, takenBytes, full });
    };
    context.rules.acknowledge(context.journal, acknowledge);
  }

  private send(body: FollowerBody): void {
    this.context.emit({
      kind: 'send-to-primary',
      connection: this.connection,
      message: { stream: this.stream, body },
    });
  }
}

/** Answers what clients and other nodes ask a simulated node, and shows the world's checkers every answer of its own. */

import { positionOf, RingError } from '@ringkeep/shared';
import { isWrite, keyTermsOf, type Operation, type OperationResult } from '@ringkeep/shared/operations';
import { decodeRequest, dht, encodeReply, updateToWire } from '@ringkeep/shared/wire';
import type { NodeHost } from '@ringkeep/dht-node/hosting';
import { checkRoom } from '../checkers/room-refusals';
import type { Further } from './remote-call';
import type { Home, Neighbourhood } from './surroundings';

type Reply = (answer: Uint8Array) => void;

/** The process that is asked. */
export interface QueryProcess {
  readonly name: string;
  readonly dead: boolean;
  readonly startedAt: number;
  /** Since when it runs without a pause. */
  readonly runsSince: number;
}

interface Answered {
  readonly operations: readonly Operation[];
  readonly results: readonly OperationResult[];
}

export class QueryServer {
  /** Queries under way, and whom to tell when the process dies. */
  private readonly dropped = new Set<() => void>();

  constructor(
    private readonly process: QueryProcess,
    private readonly world: Neighbourhood,
    private readonly machine: Home,
    private readonly host: NodeHost,
  ) {}

  die(): void {
    for (const dropped of this.dropped) dropped();
    this.dropped.clear();
  }

  serve(bytes: Uint8Array, reply: Reply, dropped: () => void): Further {
    const { host } = this;
    const frame = dht.BatchRequest.decode(bytes);
    const decoded = decodeRequest(frame, keyTermsOf(host.core.view.ring));
    const operations = decoded.filter((each): each is Operation => !(each instanceof RingError));
    if (operations.length < decoded.length) {
      reply(refusal(frame, decoded));
      return () => undefined;
    }
    const sentUnder = host.core.view.version;
    const options = {
      door: 'simulated',
      hops: frame.hops,
      deadlineMs: frame.deadlineMs,
      ringVersion: frame.ringVersion,
      direct: frame.direct,
      bytes: bytes.length,
      inFrame: true,
    };
    this.dropped.add(dropped);
    const arrivedAt = this.world.timeline.now;
    const query = host.query(operations, options, ({ results, hops, ring }) => {
      if (!this.dropped.delete(dropped)) return;
      const update = ring && updateToWire({ kind: 'ring', ring });
      const answer = { ...encodeReply(frame.frame, hops, results), ring: update };
      if (hops === frame.hops) {
        const answered = { operations, results };
        this.noteReads(answered);
        this.noteWrites(answered, sentUnder);
        this.checkRoom(answered, arrivedAt);
      }
      reply(dht.BatchReply.encode(answer).finish());
    });
    return (further) => {
      if (dht.BatchRequest.decode(further).cancel !== frame.frame || this.process.dead) return;
      this.dropped.delete(dropped);
      host.cancel(query);
    };
  }

  /** Tells the world of reads that were answered from this process's own state; of several each at a time of its own. */
  private noteReads({ operations, results }: Answered): void {
    for (const [index, operation] of operations.entries()) {
      if (isWrite(operation) || !results[index]?.ok) continue;
      this.world.witness.checkServers(
        positionOf(operation.key),
        operations.length === 1 ? this.machine.party : undefined,
      );
    }
  }

  private noteWrites({ operations, results }: Answered, sentUnder: number): void {
    for (const [index, operation] of operations.entries()) {
      if (!isWrite(operation) || !results[index]?.ok) continue;
      this.world.witness.writeAcknowledged(positionOf(operation.key), sentUnder, this.host.core.view.version);
    }
  }

  private checkRoom({ operations, results }: Answered, arrivedAt: number): void {
    const { machine, world, process } = this;
    const { name, startedAt, runsSince } = process;
    const room = {
      name,
      arrivedAt,
      runsSince: machine.stepMs > 0 ? world.timeline.now : Math.max(startedAt, runsSince),
      fullSince: machine.disk.fullSince,
      anyFullAt: Math.max(...world.machines.map(({ disk }) => disk.lastFullAt)),
    };
    for (const [index, operation] of operations.entries()) {
      const result = results[index];
      const failure = result && checkRoom(operation, result, room, world.timeline.now);
      if (failure) world.fail(failure.checker, failure.text);
    }
  }
}

/** A node that does not know the ring yet knows the place of no key with a tag. Anything else would be a fault. */
function refusal({ frame, hops }: dht.BatchRequest, decoded: readonly (Operation | RingError)[]): Uint8Array {
  for (const each of decoded) if (each instanceof RingError && each.code !== 'UNAVAILABLE') throw each;
  const refused = decoded.map(() => ({ ok: false, code: 'UNAVAILABLE', text: 'no ring yet' }) as const);
  return dht.BatchReply.encode(encodeReply(frame, hops, refused)).finish();
}

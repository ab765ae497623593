/** The operations that a simulated node hands on to other nodes, and what cancels them. */

import { decodeReply, dht, encodeRequest, updateFromWire } from '@ringkeep/shared/wire';
import type { NodeEffect, NodeInput } from '@ringkeep/dht-node/core';
import { remoteCall, type Further } from './remote-call';
import type { Home, Neighbourhood } from './surroundings';

type Forward = Extract<NodeEffect, { kind: 'forward' }>;

/** The process that hands them on. */
export interface ForwardsHost {
  post(input: NodeInput): void;
}

export class Forwards {
  /** Those under way, and what sends more on their calls. */
  private readonly open = new Map<number, Further>();

  constructor(
    private readonly host: ForwardsHost,
    private readonly world: Neighbourhood,
    private readonly machine: Home,
  ) {}

  send({ forward, to, operations, hops, ringVersion }: Forward, remainingMs: number): void {
    const header = { frame: forward, deadlineMs: Math.ceil(remainingMs), hops, ringVersion, direct: false };
    const frame = dht.BatchRequest.encode(encodeRequest(header, operations)).finish();
    const target = this.world.machineAt(to.addr);
    const further = remoteCall(
      this.world.network,
      { from: this.machine.party, to: target?.party ?? 0, server: () => target?.process, mayDouble: false },
      'QueryBatch',
      frame,
      {
        answered: (bytes) => {
          this.open.delete(forward);
          const answer = dht.BatchReply.decode(bytes);
          this.host.post({
            kind: 'forward-answer',
            forward,
            results: decodeReply(answer),
            hops: answer.hops,
            ring: answer.ring && updateFromWire(answer.ring),
          });
        },
        failed: (sent, text) => {
          this.open.delete(forward);
          this.host.post({ kind: 'forward-failed', forward, sent, text });
        },
      },
    );
    this.open.set(forward, further);
  }

  cancel(forward: number): void {
    const cancel = dht.BatchRequest.encode(dht.BatchRequest.fromPartial({ cancel: forward })).finish();
    this.open.get(forward)?.(cancel);
    this.open.delete(forward);
  }
}

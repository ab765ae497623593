/**
 * A simulated node's way to the registry: its calls, which may be held up, doubled or answered too late, and its
 * watch of the ring.
 */

import { position, type ErrorCode, type Random } from '@ringkeep/shared';
import { registry, ringFromWire, updateFromWire } from '@ringkeep/shared/wire';
import type { NodeCore, NodeInput, RegistryCall } from '@ringkeep/dht-node/core';
import type { IdentityFile } from '@ringkeep/dht-node/storage';
import { encodeCall, openEnvelope } from './registry-messages';
import { remoteCall } from './remote-call';
import { REGISTRY_PARTY, type Home, type Neighbourhood } from './surroundings';

/** How often a node asks for what it missed of the watch. */
const REWATCH_MS = 700;

/** The process that asks. */
export interface RegistryLinkHost {
  readonly dead: boolean;
  post(input: NodeInput): void;
}

export class RegistryLink {
  private watching = false;

  constructor(
    private readonly host: RegistryLinkHost,
    private readonly world: Neighbourhood,
    private readonly machine: Home,
    private readonly random: Random,
    private readonly identity: IdentityFile,
    private readonly core: NodeCore,
  ) {}

  call(call: number, request: RegistryCall): void {
    const { timeline, parameters, network, registry: registryMachine } = this.world;
    const { identity, core } = this;
    const { incarnation, process } = core;
    const origin = { addr: this.machine.addr, identity, incarnation, process };
    const { method, bytes } = encodeCall(request, origin);
    const mayStray = request.kind === 'propose';
    const from = this.machine.party;
    const heldUpMs = mayStray && network.proposalStrays() ? this.random.between(50, 3_000) : 0;
    const route = {
      from,
      to: REGISTRY_PARTY,
      server: () => registryMachine.server,
      mayDouble: true,
      heldUpMs,
    };
    let settled = false;
    const fail = (text: string): void => {
      if (settled) return;
      settled = true;
      this.host.post({ kind: 'registry-failed', call, text });
    };
    const answered = (answer: Uint8Array): void => {
      // A call has one end: what answers a request's double, or comes after its time, reaches nobody.
      if (settled) return;
      if (mayStray && network.proposalStrays()) return;
      settled = true;
      this.answered(call, request, answer);
    };
    timeline.after(Math.min(2_000, parameters.membershipLeaseMs / 2), () => fail('no answer in time'));
    remoteCall(network, route, method, bytes, { answered, failed: (_sent, text) => fail(text) });
  }

  private answered(call: number, request: RegistryCall, envelope: Uint8Array): void {
    if (this.host.dead) return;
    const [code, bytes] = openEnvelope(envelope);
    if (code !== undefined) {
      const text = Buffer.from(bytes).toString();
      return this.host.post({ kind: kindOfFailure(code), call, text });
    }
    switch (request.kind) {
      case 'register':
        return this.registered(call, registry.RegisterInfo.decode(bytes));
      case 'renew':
      case 'leave': {
        const answer = registry.MemberAnswer.decode(bytes);
        return this.host.post({
          kind: 'member-answer',
          call,
          live: answer.live,
          replaced: answer.replaced,
          undecided: answer.undecided,
          roomLacking: answer.roomLacking,
          ringTimeMs: answer.ringTimeMs,
          update: updateFromWire(answer.ring),
        });
      }
      case 'propose': {
        const { accepted, reason, ring } = registry.ProposeChangeAnswer.decode(bytes);
        return this.host.post({
          kind: 'proposal-answer',
          call,
          accepted,
          reason,
          update: updateFromWire(ring),
        });
      }
    }
  }

  /** The identity is on the disk before the core hears of it. */
  private registered(call: number, info: registry.RegisterInfo): void {
    const { machine, host } = this;
    const update = info.ring?.update;
    if (!info.identity || update?.$case !== 'ring')
      return this.world.fail('registry', 'a registration without a ring');
    const { salt, clusterId } = info.identity;
    const id = position(info.identity.id);
    const ring = ringFromWire(update.value);
    this.identity.remember({ nodeId: id, salt, clusterId }, ring.parameters.leaseMs).then(
      () => {
        machine.id = id;
        this.world.names.set(id, machine.name);
        host.post({ kind: 'registered', call, id, ring, ringTimeMs: info.ringTimeMs });
        if (!this.watching) this.watch();
      },
      (error: Error) => host.post({ kind: 'registry-refused', call, text: error.message }),
    );
    this.world.timeline.stir();
  }

  /** Watches the ring; asks again now and then, as it does when a watch breaks. */
  private watch(): void {
    if (this.host.dead) return;
    this.watching = true;
    const { world, machine } = this;
    world.network.send(
      machine.party,
      REGISTRY_PARTY,
      () =>
        world.registry.server?.watch(machine, this.core.known, (bytes) => {
          if (!this.host.dead)
            this.host.post({ kind: 'ring', update: updateFromWire(registry.RingUpdate.decode(bytes)) });
        }),
      () => undefined,
    );
    world.timeline.after(REWATCH_MS * (0.5 + this.random.fraction()), () => this.watch());
  }
}

/** As a real node takes a refusal: for good, as that of a wrong registry, or as none. */
function kindOfFailure(code: ErrorCode): 'registry-refused' | 'registry-wrong' | 'registry-failed' {
  if (code === 'WRONG_REGISTRY') return 'registry-wrong';
  return code === 'UNAVAILABLE' ? 'registry-failed' : 'registry-refused';
}

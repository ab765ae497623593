/** Nodes that join at once and leave at once, and nodes that try to join under an address that is not theirs. */

import { join } from 'node:path';
import { RingError, type Random } from '@ringkeep/shared';
import {
  addressOf,
  publicAddressOf,
  type LocalRing,
  type NodePlace,
  freePort,
  RingProcess,
  askToLeave,
  ringOf,
} from '@ringkeep/local-ring';
import type { Fault } from './faults';
import type { Grounds } from './grounds';

const LEAVE_MS = 20_000;
const LEAVE_AGAIN_MS = 1_000;
/** More nodes than this on one machine measure the machine. */
const EXTRA_NODES_MAX = 4;

export class ComingsAndGoings {
  private readonly ring: LocalRing;
  private readonly joined = new Set<NodePlace>();
  private joining = 0;
  private strays = 0;

  constructor(
    private readonly grounds: Grounds,
    /** Where nodes that do not belong to the ring may keep their data. */
    private readonly folder: string,
  ) {
    this.ring = grounds.ring;
  }

  async joinAndLeave(fault: Fault): Promise<void> {
    const count = Math.min(fault.nodes, EXTRA_NODES_MAX - this.joined.size - this.joining);
    if (count <= 0) return;
    this.grounds.begin(fault, `${count} nodes`);
    this.joining += count;
    const addresses = await this.ring.addNodes(count);
    this.joining -= count;
    const places = this.ring.places.filter((place) => addresses.includes(addressOf(place)));
    for (const place of places) {
      this.grounds.present.add(place);
      this.joined.add(place);
    }
    await this.grounds.pause(fault.forMs);
    await Promise.all(places.map((place) => this.leave(place)));
  }

  /**
   * A node whose address is another node's, the registry's, or nobody's: it must not become ready, and no version of
   * the ring may name it.
   */
  async wrongAddress(fault: Fault, random: Random): Promise<void> {
    const port = await freePort();
    const nobodys = [this.ring.registryAddress, `127.0.0.1:${await freePort()}`];
    const wrong = random.pick([publicAddressOf(random.pick(this.ring.places)), ...nobodys]);
    const name = `stray-${++this.strays}`;
    this.grounds.begin(fault, `${name} says that it is at ${wrong}`);
    const args = [String(port), '--registry', this.ring.registryAddress, '--advertise', wrong];
    const stray = RingProcess.start('node', [...args, '--data-dir', join(this.folder, name)]);
    let ready = false;
    stray.ready.then(
      () => (ready = true),
      () => undefined,
    );
    await this.grounds.pause(fault.forMs);
    const named = nobodys.includes(wrong) && (await this.hasMemberAt(wrong));
    stray.signal('SIGKILL');
    await stray.exited;
    if (ready || named)
      throw new RingError('INTERNAL', `the ring took in ${name}, which nobody can reach at ${wrong}`);
  }

  /** The registry knows a node under the address; false while it does not answer. */
  private async hasMemberAt(address: string): Promise<boolean> {
    const ring = await ringOf(this.ring.registryAddress).catch(() => undefined);
    return ring?.members.some(({ addr }) => addr.endsWith(`//${address}`)) === true;
  }

  /** Asks until it has left: under faults that may take several attempts. */
  private async leave(place: NodePlace): Promise<void> {
    const { grounds, ring } = this;
    const address = addressOf(place);
    const taken = grounds.taken.process;
    while (this.joined.has(place)) {
      grounds.signal.throwIfAborted();
      if (taken.has(place)) {
        await grounds.pause(LEAVE_AGAIN_MS);
        continue;
      }
      taken.add(place);
      ring.expectLeave(address);
      const reason = await askToLeave(address, LEAVE_MS);
      if (reason === undefined || !place.process?.running) {
        this.joined.delete(place);
        grounds.present.delete(place);
        await ring.forget(address);
      } else {
        grounds.tell(`${place.name} has not left yet: ${reason}`);
      }
      taken.delete(place);
    }
  }
}

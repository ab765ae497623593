/**
 * Disks that are full, that lose what was not synced, are emptied, or are put back to an earlier state.
 *
 * Data are taken away within what docs/GUARANTEES.md promises, and no further:
 *
 * - A disk is emptied only when every arc of its node has another in-sync member with a copy, and no other disk is
 *   emptied until the ring has come to rest again. The node is dead when that is checked, so that it cannot drop
 *   anybody any more.
 * - A folder is put back while all others run and nothing else goes wrong: they have to be heard in time.
 */

import { join } from 'node:path';
import { RingError, type Random } from '@ringkeep/shared';
import { publicAddressOf, type LocalRing, type NodePlace, describeNode, ringOf } from '@ringkeep/local-ring';
import type { Fault } from './faults';
import { copyFolder, emptyFolder, putBack } from './folder-copy';
import type { Grounds } from './grounds';
import type { MachineDisks } from './machine-disks';

const REGISTRY = 'registry';
/** Longer than a proposal takes that the dead node had on its way. */
const LAST_WORDS_MS = 500;
/** How long a ring may take to make up for a disk. */
const RESTORED_MS = 60_000;
/** What is written between a copy and its return, and beyond each lease. */
const BETWEEN_MS = { least: 1_000, most: 6_000 } as const;
const MEBIBYTE = 1 << 20;
/** Less than the reserve, less than a write. */
const LEFT_BYTES = [20 * MEBIBYTE, 0];

export class DiskFaults {
  private readonly ring: LocalRing;
  /** An emptied disk is being made up for. */
  private owing = false;
  private copies = 0;

  constructor(
    private readonly grounds: Grounds,
    private readonly disks: MachineDisks | undefined,
    /** Where copies of folders are kept. */
    private readonly folder: string,
  ) {
    this.ring = grounds.ring;
  }

  cutPower(fault: Fault, random: Random): Promise<void> {
    return this.grounds.withNodes(fault, random, 'process', async (places) => {
      await Promise.all(places.map((place) => this.powerOff(place)));
      await this.grounds.pause(fault.forMs);
      await Promise.all(places.map((place) => this.ring.startNode(place)));
    });
  }

  cutPowerOfEverything(fault: Fault, random: Random): Promise<void> {
    return this.grounds.withRegistry(undefined, () =>
      this.grounds.withNodes({ ...fault, nodes: Infinity }, random, 'process', async (places) => {
        this.ring.signalRegistry('SIGSTOP');
        for (const { process } of places) process?.signal('SIGSTOP');
        const registryOff = this.disks?.cutPower(REGISTRY);
        await Promise.all([registryOff, ...places.map((place) => this.powerOff(place))]);
        await this.ring.killRegistry();
        await this.disks?.repair(REGISTRY);
        await this.grounds.pause(fault.forMs);
        await Promise.all([this.ring.startRegistry(), ...places.map((place) => this.ring.startNode(place))]);
      }),
    );
  }

  fill(fault: Fault, random: Random): Promise<void> {
    const left = random.pick(LEFT_BYTES);
    return this.grounds.withNodes(fault, random, 'process', async (places) => {
      for (const { name } of places) await this.disks?.fill(name, left);
      await this.grounds.pause(fault.forMs);
      for (const { name } of places) await this.disks?.free(name);
    });
  }

  /** A registry whose disk is full ends with the reason at its next decision, and is started again when there is room. */
  fillRegistry(fault: Fault): Promise<void> {
    return this.grounds.withRegistry(fault, async () => {
      this.ring.expectRegistryEnd();
      await this.disks?.fill(REGISTRY, 0);
      await this.grounds.pause(fault.forMs);
      await this.disks?.free(REGISTRY);
      await this.ring.killRegistry();
      await this.ring.startRegistry();
    });
  }

  empty(fault: Fault, random: Random): Promise<void> {
    const parts = random.pick([undefined, ['log', 'table'], ['log'], ['table'], ['node.json']]);
    return this.grounds.withRegistry(undefined, () =>
      this.grounds.withNodes(fault, random, 'process', async ([place]) => {
        if (place === undefined) return;
        await this.ring.killNodes([place]);
        await this.grounds.pause(LAST_WORDS_MS);
        const spared = this.owing ? 'another disk is still made up for' : await this.soleCopyOn(place);
        if (spared !== undefined) {
          this.grounds.tell(`${place.name} keeps its disk: ${spared}`);
          return this.ring.startNode(place);
        }
        this.owing = true;
        this.grounds.tell(`${place.name} loses ${parts?.join(' and ') ?? 'everything'}`);
        await emptyFolder(this.ring.folderOf(place), parts);
        await this.grounds.pause(fault.forMs);
        if (parts !== undefined) await this.expectRefusal(place);
        await this.ring.startNode(place, parts === undefined ? [] : ['--accept-data-loss']);
        void this.untilMadeUpFor();
      }),
    );
  }

  async rollBack(fault: Fault, random: Random): Promise<void> {
    const place = random.pick(this.ring.places);
    const everything = random.chance(0.3);
    await this.grounds.withCalm(async () => {
      this.grounds.begin(fault, `${place.name}${everything ? ', and everything is started again' : ''}`);
      const copy = join(this.folder, `copy-${++this.copies}`);
      await this.ring.killNodes([place]);
      await copyFolder(this.ring.folderOf(place), copy);
      await this.ring.startNode(place);
      await this.grounds.pause(random.between(BETWEEN_MS.least, BETWEEN_MS.most));
      const others = this.ring.places.filter((other) => other !== place);
      await (everything ? this.ring.killAll() : this.ring.killNodes([place]));
      await putBack(copy, this.ring.folderOf(place));
      this.grounds.tell(`${place.name} has its old data`);
      await this.grounds.pause(fault.forMs);
      if (everything) {
        await this.ring.startRegistry();
        await Promise.all(others.map((other) => this.ring.startNode(other)));
      }
      await this.ring.startNode(place);
      this.grounds.tell(`${place.name} runs again`);
    });
  }

  /** The old copy knows less than every node. It must decide nothing; then the newest is put back. */
  async rollBackRegistry(fault: Fault, random: Random): Promise<void> {
    const victim = random.pick(this.ring.places);
    const flags = random.chance(0.5) ? ['--restored'] : [];
    await this.grounds.withCalm(async () => {
      this.grounds.begin(fault, `the registry${flags.length > 0 ? ', which is told so' : ''}`);
      const [old, newest] = [1, 2].map(() => join(this.folder, `copy-${++this.copies}`)) as [string, string];
      const folder = this.ring.folderOf(REGISTRY);
      await this.ring.killRegistry();
      await copyFolder(folder, old);
      await this.ring.startRegistry();
      const before = await this.version();
      await this.changeRing(victim);
      if ((await this.version()) <= before)
        throw new RingError('INTERNAL', 'a node was dead for long, and the ring has not changed');
      await this.ring.killRegistry();
      await copyFolder(folder, newest);
      await putBack(old, folder);
      this.grounds.tell('the registry has its old data');
      await this.ring.startRegistry(flags);
      await this.grounds.pause(fault.forMs);
      await this.ring.killRegistry();
      await putBack(newest, folder);
      await this.ring.startRegistry();
    });
  }

  private async powerOff(place: NodePlace): Promise<void> {
    place.process?.signal('SIGSTOP');
    await this.disks?.cutPower(place.name);
    await this.ring.killNodes([place]);
    await this.disks?.repair(place.name);
  }

  private async changeRing(victim: NodePlace): Promise<void> {
    await this.ring.killNodes([victim]);
    await this.grounds.pause(BETWEEN_MS.most);
    await this.ring.startNode(victim);
    await this.ring.settled();
  }

  private async version(): Promise<number> {
    const described = await Promise.all(this.ring.addresses.map(describeNode));
    return Math.max(...described.map((description) => description?.ringVersion ?? 0));
  }

  /** Why nobody else has what a dead node had, if that is so. */
  private async soleCopyOn(place: NodePlace): Promise<string | undefined> {
    const ring = await ringOf(this.ring.registryAddress).catch(() => undefined);
    if (ring === undefined) return 'the registry does not say who has copies';
    const address = publicAddressOf(place);
    const ids = ring.members.filter(({ addr }) => addr.endsWith(`//${address}`)).map(({ id }) => id);
    const sole = ring.arcs.find(
      ({ inSync, withoutCopy }) =>
        inSync.some((id) => ids.includes(id)) &&
        inSync.every((id) => ids.includes(id) || withoutCopy.includes(id)),
    );
    return sole && 'it has the only copy of an arc';
  }

  /** A folder that is not whole is refused, unless the operator accepts the loss. */
  private async expectRefusal(place: NodePlace): Promise<void> {
    const { code, lines } = await this.ring.startInVain(place);
    if (code === 1 && lines.some((line) => line.includes('is not whole'))) return;
    throw new RingError(
      'INTERNAL',
      `${place.name} without a part of its data ended with ${code}: ${lines.at(-1)}`,
    );
  }

  private async untilMadeUpFor(): Promise<void> {
    while (!this.grounds.signal.aborted) {
      const settled = await this.ring.settled(RESTORED_MS).catch(() => undefined);
      if (settled === undefined) continue;
      this.owing = false;
      return;
    }
  }
}

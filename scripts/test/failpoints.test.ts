/**
 * Registry and node, ended at named points of what they do on their disks and started again. The node goes through the
 * points where it answers for what it has, or throws something away; `npm run failpoints` has it go through all. Needs
 * what `npm run build` made.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegistryPeer } from '../../packages/registry/test/registry-peer';
import { StandInNodes } from '../../packages/registry/test/stand-in-nodes';
import { endAtPoints, startArmed } from '../failpoints/armed-process';
import { NodeLives } from '../failpoints/node-lives';
import { freePort, type RingProcess, ringOf } from '@ringkeep/local-ring';

/** Tens of processes, one after the other. */
jest.setTimeout(300_000);

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'ringkeep-failpoints-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const POINTS_OF_NODE = new Set([
  'after rename node.json',
  'before write log/SEGMENT.log',
  'after write log/SEGMENT.log',
  'after rename log/SEGMENT.log',
  'before commit table',
  'after commit table',
  'after rm log/SEGMENT.log',
]);

test('a node that ends between a write, its sync, a checkpoint and the end of its old log has all that it acknowledged', async () => {
  const lives = new NodeLives(folder);
  try {
    const points = await endAtPoints(
      lives.passedFile,
      (life) => lives.live(life),
      (point) => POINTS_OF_NODE.has(point),
    );
    expect(new Set(points)).toEqual(POINTS_OF_NODE);
    expect(lives.lost).toEqual([]);
  } finally {
    await lives.end();
  }
});

test('a registry that ends at any point, between a save and its answers too, knows what it answered', async () => {
  const passedFile = join(folder, 'passed');
  const nodes = new StandInNodes(0n);
  const port = await freePort();
  let known = new Map<bigint, string>();
  let beginnings = 0;
  let registry: RingProcess | undefined;
  try {
    const points = await endAtPoints(passedFile, async ({ point, afresh }) => {
      if (afresh) [known, beginnings] = [new Map(), beginnings + 1];
      const args = ['--port', String(port), '--data-dir', join(folder, `registry-${beginnings}`)];
      const running = startArmed('registry', args, passedFile, point);
      registry = running;
      const up = await running.ready.then(
        () => true,
        () => false,
      );
      if (up) {
        const address = `127.0.0.1:${port}`;
        const ring = await ringOf(address);
        for (const [id, addr] of known)
          expect(ring.members.find((member) => member.id === id)?.addr).toBe(addr);
        const peer = new RegistryPeer(address);
        const addresses = await Promise.all(Array.from({ length: 3 }, () => nodes.listen()));
        const asked = addresses.map(async (addr) => {
          const { id } = await peer.register(addr, { claim: addr });
          known.set(id, addr);
        });
        await Promise.race([running.exited, Promise.allSettled(asked)]);
        peer.close();
      }
      running.signal(point === undefined ? 'SIGKILL' : 'SIGTERM');
      return (await running.exited) === 'SIGKILL';
    });
    expect(points).toEqual(
      expect.arrayContaining(['before commit ring', 'after commit ring', 'after sync ring']),
    );
  } finally {
    nodes.close();
    registry?.signal('SIGKILL');
    await registry?.exited;
  }
});

/** ring: who takes part, and how the ring is divided among them. */

import { arcShare, formatPosition, type ArcConfig, type Member, type Ring } from '@ringkeep/shared';
import type { CommandSpec } from './command';
import { ExitCode } from '../failure';

interface MemberRow {
  readonly id: string;
  readonly address: string;
  readonly state: string;
  /** Of the ring, 0 … 1. */
  readonly share: number;
  /** Arcs that it answers for. */
  readonly arcs: number;
  /** Arcs of which it holds an in-sync copy, its own included. */
  readonly inSync: number;
  /** The highest of its arcs' epochs. */
  readonly epoch: number;
}

export const ringCommand: CommandSpec = {
  name: 'ring',
  text: 'show the ring: its members, their share, arcs and copies',
  operands: [],
  options: {},
  examples: ['ring', 'ring --json'],
  async run({ ring: access, output, signal }) {
    const ring = (await access.client(signal)).ring();
    const rows = ring.members.map((member) => rowOf(ring, member));
    output.answer(jsonOf(ring, rows), () => [
      `cluster ${ring.clusterId}, version ${ring.version}, ${rows.length} members, ${ring.arcs.length} arcs`,
      ...output.table<MemberRow>(
        [
          { title: 'id', text: (row) => row.id },
          { title: 'address', text: (row) => row.address },
          { title: 'state', text: (row) => row.state },
          { title: 'share', align: 'right', text: (row) => `${(row.share * 100).toFixed(1)} %` },
          { title: 'arcs', align: 'right', text: (row) => String(row.arcs) },
          { title: 'in sync', align: 'right', text: (row) => String(row.inSync) },
          { title: 'epoch', align: 'right', text: (row) => (row.epoch === 0 ? '-' : String(row.epoch)) },
        ],
        rows,
      ),
    ]);
    return ExitCode.Ok;
  },
};

function rowOf(ring: Ring, member: Member): MemberRow {
  const own = ring.arcs.filter((arc) => arc.primary === member.id);
  const copies = ring.arcs.filter((arc) => arc.inSync.includes(member.id));
  return {
    id: formatPosition(member.id),
    address: member.addr,
    state: member.state,
    share: own.reduce((sum, arc) => sum + arcShare(arc), 0),
    arcs: own.length,
    inSync: copies.length,
    epoch: Math.max(0, ...copies.map((arc) => arc.epoch)),
  };
}

function jsonOf(ring: Ring, members: readonly MemberRow[]): unknown {
  const arcs = ring.arcs.map((arc: ArcConfig) => ({
    start: formatPosition(arc.start),
    end: formatPosition(arc.end),
    epoch: arc.epoch,
    term: arc.term,
    primary: formatPosition(arc.primary),
    inSync: arc.inSync.map(formatPosition),
  }));
  return { clusterId: ring.clusterId, version: ring.version, members, arcs };
}

/** nodes: what each node says of itself. */

import { formatPosition, position, type Member } from '@ringkeep/shared';
import type { dht } from '@ringkeep/shared/wire';
import type { CommandSpec } from './command';
import { ExitCode, messageOf } from '../failure';

interface NodeRow {
  readonly id: string;
  readonly address: string;
  /** Why it did not answer; the rest is then unknown. */
  readonly problem?: string;
  readonly state?: string;
  /** Keys and bytes of the arcs that it answers for. */
  readonly keys?: number;
  readonly bytes?: number;
  /** Keys of which it holds a copy for another node. */
  readonly copies?: number;
  readonly replicas?: number;
  readonly ringVersion?: number;
  readonly entriesReceived?: number;
  readonly longestPauseMs?: number;
  readonly storage?: string;
  readonly routing?: string;
  /** Other nodes that it may forward to. */
  readonly peers?: number;
}

export const nodesCommand: CommandSpec = {
  name: 'nodes',
  text: 'ask each node what it holds',
  operands: [],
  options: {},
  examples: ['nodes', 'nodes --json'],
  async run({ ring: access, output, signal }) {
    const ring = (await access.client(signal)).ring();
    const rows = await Promise.all(
      ring.members.map((member) =>
        access.describe(member.addr).then(
          (description) => rowOf(member, description),
          (error: unknown): NodeRow => ({
            id: formatPosition(member.id),
            address: member.addr,
            problem: messageOf(error),
          }),
        ),
      ),
    );
    output.answer(rows, () => output.table(COLUMNS, rows));
    const silent = rows.filter((row) => row.problem !== undefined);
    for (const row of silent) output.note(`${row.address} did not answer: ${row.problem}`);
    return silent.length === 0 ? ExitCode.Ok : ExitCode.Error;
  },
};

const COLUMNS = [
  { title: 'id', text: (row: NodeRow) => row.id },
  { title: 'address', text: (row: NodeRow) => row.address },
  { title: 'state', text: (row: NodeRow) => row.state ?? 'no answer' },
  number('keys', (row) => row.keys),
  number('bytes', (row) => row.bytes),
  number('copies', (row) => row.copies),
  number('replicas', (row) => row.replicas),
  number('ring', (row) => row.ringVersion),
  number('received', (row) => row.entriesReceived),
  number('pause ms', (row) => row.longestPauseMs),
  { title: 'storage', text: (row: NodeRow) => row.storage ?? '-' },
  { title: 'routing', text: (row: NodeRow) => row.routing ?? '-' },
  number('peers', (row) => row.peers),
];

function number(title: string, value: (row: NodeRow) => number | undefined) {
  return {
    title,
    align: 'right' as const,
    text: (row: NodeRow) => value(row)?.toLocaleString('en-US') ?? '-',
  };
}

function rowOf(member: Member, description: dht.NodeDescription): NodeRow {
  const own = description.replicas.filter((replica) => replica.primary);
  const others = description.replicas.filter((replica) => !replica.primary);
  return {
    id: formatPosition(position(description.id)),
    address: member.addr,
    state: description.settled ? 'settled' : 'busy',
    keys: total(own, (replica) => replica.keys),
    bytes: total(own, (replica) => replica.bytes),
    copies: total(others, (replica) => replica.keys),
    replicas: description.replicas.length,
    ringVersion: description.ringVersion,
    entriesReceived: description.entriesReceived,
    longestPauseMs: Math.round(description.longestPauseMs),
    storage: description.storage,
    routing: description.routing?.scheme,
    peers: description.routing?.peers,
  };
}

function total(
  replicas: readonly dht.ReplicaDescription[],
  of: (replica: dht.ReplicaDescription) => number,
): number {
  return replicas.reduce((sum, replica) => sum + of(replica), 0);
}

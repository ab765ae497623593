/** nodes: what each node says about itself, and what follows for the data. */

import { formatPosition, position } from '@ringkeep/shared';
import type { OptionValues } from '@ringkeep/process/command-line';
import type { dht } from '@ringkeep/shared/wire';
import type { CommandSpec } from './command';
import { WATCH, showStatus } from './status';
import { ExitCode } from '../failure';
import type { NodeAnswer } from '../ring-look';

interface NodeRow {
  readonly id: string;
  readonly address: string;
  /** Why it did not answer; the rest is then unknown. */
  readonly problem?: string;
  readonly state?: string;
  /** Arcs that it is primary of and that stand still until somebody decides. */
  readonly stopped?: readonly string[];
  /** Why its disk takes no new entries. */
  readonly roomLacking?: string;
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

const specs = { watch: WATCH };

export const nodesCommand: CommandSpec = {
  name: 'nodes',
  text: 'ask each node what it holds, and show whether the data is safe; exit codes as for ring, or 1 if a node does not answer',
  operands: [],
  options: specs,
  examples: ['nodes', 'nodes --watch', 'nodes --json'],
  async run(context, _operands, options) {
    const { output, ring: access } = context;
    const { watch } = options as OptionValues<typeof specs>;
    const { timeoutMs: withinMs } = access.options;
    const { code, last } = await showStatus(context, { withinMs, watch }, (seen) => {
      const rows = seen.taken.answers.map(rowOf);
      output.answer(rows, () => [...output.table(COLUMNS, rows), seen.text]);
      if (output.isJson) output.note(seen.text);
      for (const text of rows.flatMap((row) => row.stopped ?? [])) output.note(text);
      for (const { address, roomLacking } of rows)
        if (roomLacking !== undefined) output.note(`${address} takes no new entries: ${roomLacking}`);
      const silent = rows.filter((row) => row.problem !== undefined);
      for (const row of silent) output.note(`${row.address} did not answer: ${row.problem}`);
    });
    const silent = last.taken.answers.some(({ said }) => 'problem' in said);
    const stopped = last.taken.answers.some((answer) => rowOf(answer).stopped !== undefined);
    return code === ExitCode.Ok && (silent || stopped) ? ExitCode.Error : code;
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

function rowOf({ member, said }: NodeAnswer): NodeRow {
  if ('problem' in said) {
    return { id: formatPosition(member.id), address: member.addr, problem: said.problem };
  }
  const description = said;
  const own = description.replicas.filter((replica) => replica.primary);
  const others = description.replicas.filter((replica) => !replica.primary);
  const stopped = own.flatMap((replica) => replica.stopped ?? []);
  return {
    id: formatPosition(position(description.id)),
    address: member.addr,
    state: stateOf(description, stopped.length > 0),
    ...(stopped.length > 0 && { stopped }),
    ...(description.roomLacking !== undefined && { roomLacking: description.roomLacking }),
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

function stateOf({ settled, roomLacking }: dht.NodeDescription, isStopped: boolean): string {
  if (isStopped) return 'stopped';
  if (roomLacking !== undefined) return 'no room';
  return settled ? 'settled' : 'busy';
}

function total(
  replicas: readonly dht.ReplicaDescription[],
  of: (replica: dht.ReplicaDescription) => number,
): number {
  return replicas.reduce((sum, replica) => sum + of(replica), 0);
}

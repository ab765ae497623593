/** ring: its members, how it is divided among them, and whether each arc has its copies. */

import {
  RingView,
  arcShare,
  formatArc,
  formatPosition,
  isLacking,
  refusesWrites,
  type ArcStatus,
  type Member,
  type Ring,
} from '@ringkeep/shared';
import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import type { CommandSpec } from './command';
import { WATCH, showStatus, statusJson, type Seen } from './status';
import type { Output } from '../output';

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

/** How long a node may take to say what it serves; for a silent node the registry's view counts. */
const ANSWER_MS = 1_000;
/** How many arcs that lack copies are listed without --arcs. */
const LISTED_MAX = 10;

const specs = {
  watch: WATCH,
  arcs: option({
    flag: '--arcs',
    text: 'list every arc with its copies, not only arcs that lack some',
    read: optionValues.yesOrNo,
    default: false,
  }),
};

export const ringCommand: CommandSpec = {
  name: 'ring',
  text: 'show the ring, and whether its data is safe; exit code 0 healthy, 4 degraded, 5 unavailable',
  operands: [],
  options: specs,
  examples: ['ring', 'ring --watch', 'ring --arcs', 'ring --json'],
  async run(context, _operands, options) {
    const { output, ring: access } = context;
    const { watch, arcs: all } = options as OptionValues<typeof specs>;
    const withinMs = Math.min(ANSWER_MS, access.options.timeoutMs);
    const { code } = await showStatus(context, { withinMs, watch }, (seen) => {
      const { ring } = seen.taken.look;
      const rows = ring.members.map((member) => rowOf(ring, member));
      output.answer(jsonOf(seen, rows), () =>
        watch
          ? `${new Date().toISOString()} ${seen.text}`
          : [...lines(output, ring, rows), ...arcLines(output, seen, all), seen.text],
      );
    });
    return code;
  },
};

function lines(output: Output, ring: Ring, rows: readonly MemberRow[]): string[] {
  return [
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
  ];
}

/** The arcs with their copies: all of them, or the first that have a problem. */
function arcLines(output: Output, { status, taken }: Seen, all: boolean): string[] {
  const wrong = status.arcs.filter((arc) => isLacking(arc) || arc.obstacle !== undefined);
  const shown = all ? status.arcs : wrong.slice(0, LISTED_MAX);
  if (shown.length === 0) return [];
  const view = new RingView(taken.look.ring);
  const table = output.table<ArcStatus>(
    [
      { title: 'arc', text: ({ arc }) => formatArc(arc) },
      { title: 'owner', text: ({ arc }) => view.member(arc.primary)?.addr ?? formatPosition(arc.primary) },
      { title: 'copies', align: 'right', text: ({ copies, wanted }) => `${copies} of ${wanted}` },
      { title: '', text: obstacleOf },
    ],
    shown,
  );
  const rest = wrong.length - shown.length;
  return all || rest === 0 ? table : [...table, `… and ${rest} more that lack copies (--arcs lists all)`];
}

function obstacleOf(status: ArcStatus): string {
  return status.obstacle ?? (refusesWrites(status) ? `no writes: needs ${status.needed}` : '');
}

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

function jsonOf(seen: Seen, members: readonly MemberRow[]): unknown {
  const { ring } = seen.taken.look;
  const arcs = seen.status.arcs.map(({ arc, copies, wanted, needed, obstacle }) => ({
    start: formatPosition(arc.start),
    end: formatPosition(arc.end),
    epoch: arc.epoch,
    term: arc.term,
    primary: formatPosition(arc.primary),
    inSync: arc.inSync.map(formatPosition),
    copies,
    wanted,
    needed,
    obstacle: obstacle ?? null,
  }));
  return { clusterId: ring.clusterId, version: ring.version, status: statusJson(seen), members, arcs };
}

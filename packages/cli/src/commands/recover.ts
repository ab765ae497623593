/**
 * recover: decides about an arc that is stopped because two copies of it contradict each other.
 *
 * Without --from it only shows what each copy has that the primary's lacks, and the other way round, and some of the
 * keys in which they differ. With --from, the chosen node's copy becomes the arc's. What contradicts it is overwritten,
 * so the command asks first.
 */

import { createInterface } from 'node:readline/promises';
import {
  arcsEqual,
  excerpt,
  formatArc,
  formatPosition,
  keyOf,
  lastTerm,
  parsePosition,
  RingError,
  sharedUpTo,
  type ArcConfig,
  type Member,
  type NodeId,
  type RingKey,
} from '@ringkeep/shared';
import { option, optionValues } from '@ringkeep/process/command-line';
import { bufferOfBytes } from '@ringkeep/shared/operations';
import type { CommandContext, CommandSpec } from './command';
import { copiesOf, differencesOf, type ArcCopy } from '../arc-copies';
import { ArcDecision } from '../arc-decision';
import type { Comparison, KeysFound } from '../copy-comparison';
import { shown } from '../encoding';
import { checked, ExitCode, UsageError } from '../failure';
import type { Output } from '../output';

interface CopyRow {
  readonly node: string;
  readonly address: string;
  readonly role: 'primary' | 'in sync' | 'other';
  readonly keys: number;
  readonly committed: number;
  readonly lastPrepared: number;
  /** Of its last operation. */
  readonly term: number;
  /** Up to here it has the same as the primary; absent when that cannot be told. */
  readonly shared?: number | undefined;
  /** Keys that are not the same in all copies; absent when they were not compared. */
  readonly keysOnlyHere?: NamedKeys | undefined;
  readonly keysUnlike?: NamedKeys | undefined;
}

interface NamedKeys {
  readonly count: number;
  /** The first of them. */
  readonly keys: readonly string[];
}

export const recoverCommand: CommandSpec = {
  name: 'recover',
  text: 'show the copies of a stopped arc, and choose the one to go on with',
  operands: [{ name: '<arc>', text: 'where the arc starts, 16 hexadecimal digits' }],
  options: {
    from: option({
      flag: '--from <node>',
      text: 'id of the node whose copy to keep; without it the copies are only shown',
      read: parsePosition,
    }),
    yes: option({
      flag: '--yes',
      text: 'do not ask before giving up copies that contradict it',
      read: optionValues.yesOrNo,
      default: false,
    }),
  },
  examples: ['recover 53898368c85a33eb', 'recover 53898368c85a33eb --from 9db6a5b8c1e0f213'],
  async run(context, [given = ''], { from, yes }) {
    const start = checked(() => parsePosition(given));
    const client = await context.ring.client(context.signal);
    const ring = client.ring();
    const arc = ring.arcs.find((each) => each.start === start);
    if (!arc) throw new UsageError(`no arc starts at ${given}; see the command ring`);
    const copies = await copiesOf(context, ring, arc);
    const stopped = copies.find(({ member }) => member.id === arc.primary)?.stopped;
    if (stopped === undefined)
      throw new RingError('FAILED_PRECONDITION', `the arc ${formatArc(arc)} is not stopped`);
    const compared = await differencesOf(context, arc, copies);
    const named = (found: KeysFound | undefined): NamedKeys | undefined =>
      found && { count: found.count, keys: found.keys.map((key) => keyShown(context, key)) };
    const rows = copies.map((copy, index) => ({
      ...rowOf(arc, copy, copies),
      keysOnlyHere: named(compared?.copies[index]?.onlyHere),
      keysUnlike: named(compared?.copies[index]?.unlike),
    }));
    const { keysCompared, complete } = compared ?? {};
    context.output.answer(
      { arc: formatArc(arc), stopped, copies: rows, keysCompared, allCompared: complete },
      () => [
        stopped,
        ...context.output.table<CopyRow>(COLUMNS, rows),
        ...(compared ? differenceLines(context.output, rows, compared) : []),
      ],
    );
    if (from === undefined) {
      context.output.note(
        'choose with --from NODE: its copy is kept, and what the others have beyond it is given up',
      );
      return ExitCode.Ok;
    }
    const chosen = copies.find(({ member }) => member.id === from);
    if (!chosen) throw new UsageError(`${formatPosition(from as NodeId)} has no copy of the arc`);
    if (yes !== true) await confirm(context, chosen.member);
    await new ArcDecision(context, client, arc, chosen.member).carryOut();
    context.output.note(`the arc goes on with the copy of ${chosen.member.addr}`);
    return ExitCode.Ok;
  },
};

const COLUMNS = [
  { title: 'node', text: (row: CopyRow) => row.node },
  { title: 'address', text: (row: CopyRow) => row.address },
  { title: 'role', text: (row: CopyRow) => row.role },
  number('keys', (row) => row.keys),
  number('committed', (row) => row.committed),
  number('prepared', (row) => row.lastPrepared),
  number('last term', (row) => row.term),
  number('shared up to', (row) => row.shared),
  number('writes only here', (row) => row.shared && row.lastPrepared - row.shared),
];

function number(title: string, value: (row: CopyRow) => number | undefined) {
  return { title, align: 'right' as const, text: (row: CopyRow) => String(value(row) ?? '-') };
}

function rowOf(arc: ArcConfig, { member, keys, logs }: ArcCopy, copies: readonly ArcCopy[]): CopyRow {
  const primary = copies
    .find((copy) => copy.member.id === arc.primary)
    ?.logs.find(({ range }) => arcsEqual(range, arc));
  const whole = logs.find(({ range }) => arcsEqual(range, arc));
  return {
    node: formatPosition(member.id),
    address: member.addr,
    role: member.id === arc.primary ? 'primary' : arc.inSync.includes(member.id) ? 'in sync' : 'other',
    keys,
    committed: Math.max(...logs.map(({ committed }) => committed)),
    lastPrepared: Math.max(...logs.map(({ lastPrepared }) => lastPrepared)),
    term: Math.max(...logs.map(lastTerm)),
    shared: primary && whole && sharedUpTo(primary, whole),
  };
}

function keyShown({ encoding }: CommandContext, key: RingKey): string {
  const { text, encoding: used } = shown(bufferOfBytes(keyOf(key)), encoding);
  return used === 'base64' && encoding === 'text' ? `base64:${text}` : text;
}

function differenceLines(output: Output, rows: readonly CopyRow[], compared: Comparison): string[] {
  const { keysCompared, complete } = compared;
  const list = (what: string, found: NamedKeys | undefined): string[] => {
    if (!found || found.count === 0) return [];
    const more = found.count > found.keys.length ? ', …' : '';
    return [
      `  ${what} ${found.count}: ${found.keys.map((key) => output.printable(excerpt(key))).join(', ')}${more}`,
    ];
  };
  return [
    `of ${complete ? 'all' : 'the first'} ${keysCompared} keys, these are not the same in all copies:`,
    ...rows.flatMap(({ node, keysOnlyHere, keysUnlike }) => [
      `${node}: ${keysOnlyHere?.count || keysUnlike?.count ? '' : 'none'}`.trimEnd(),
      ...list('only here', keysOnlyHere),
      ...list('unlike another copy', keysUnlike),
    ]),
  ];
}

async function confirm({ stdin, output }: CommandContext, { addr }: Member): Promise<void> {
  if (!('isTTY' in stdin) || stdin.isTTY !== true)
    throw new UsageError('cannot ask for confirmation here; add --yes to give up what contradicts the copy');
  const terminal = createInterface({ input: stdin, output: output.stderr });
  const question = `Keep the copy of ${addr}, and give up what the others have beyond it? Type yes: `;
  const answer = await terminal.question(question).finally(() => terminal.close());
  if (answer.trim() !== 'yes') throw new RingError('CANCELLED', 'nothing was changed');
}

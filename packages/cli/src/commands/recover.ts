/**
 * recover: decides about an arc that is stopped because two copies of it contradict each other.
 *
 * Without --from it only shows what each copy has that the primary's has not, and the other way round. With it,
 * the chosen node's copy becomes the arc's; what contradicts it is overwritten, so it asks first.
 */

import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { RingClient } from '@ringkeep/client';
import {
  arcContains,
  arcInside,
  arcsEqual,
  formatArc,
  formatPosition,
  lastTerm,
  parsePosition,
  position,
  RingError,
  RingView,
  sharedUpTo,
  type ArcConfig,
  type LogExtent,
  type Member,
  type NodeId,
  type Ring,
} from '@ringkeep/shared';
import { option, optionValues } from '@ringkeep/shared/runtime';
import { historyFromWire, type dht } from '@ringkeep/shared/wire';
import type { CommandContext, CommandSpec } from './command';
import { checked, ExitCode, UsageError } from '../failure';

/** How long the ring may take to do what was decided. */
const DONE_MS_MAX = 30_000;
const ASK_EVERY_MS = 250;

interface CopyRow {
  readonly node: string;
  readonly address: string;
  readonly role: 'primary' | 'in sync' | 'other';
  readonly keys: number;
  readonly committed: number;
  readonly lastPrepared: number;
  /** Of its last operation. */
  readonly term: number;
  /** Up to here it has what the primary has; absent when that cannot be told. */
  readonly shared?: number | undefined;
}

export const recoverCommand: CommandSpec = {
  name: 'recover',
  text: 'decide whose data a stopped arc goes on with',
  operands: [{ name: '<arc>', text: 'where the arc starts, 16 hexadecimal digits' }],
  options: {
    from: option({
      flag: '--from <node>',
      text: 'the node whose copy is right, by its id; without it the copies are only shown',
      read: parsePosition,
    }),
    yes: option({
      flag: '--yes',
      text: 'do not ask before copies that contradict it are given up',
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
    const rows = copies.map((copy) => rowOf(arc, copy, copies));
    context.output.answer({ arc: formatArc(arc), stopped, copies: rows }, () => [
      stopped,
      ...context.output.table<CopyRow>(COLUMNS, rows),
    ]);
    if (from === undefined) {
      context.output.note(
        'decide with --from NODE: its copy stays, what the others have beyond it is given up',
      );
      return ExitCode.Ok;
    }
    const chosen = copies.find(({ member }) => member.id === from);
    if (!chosen) throw new UsageError(`${formatPosition(from as NodeId)} has no copy of the arc`);
    if (yes !== true) await confirm(context, chosen.member);
    await new Decision(context, client, arc, chosen.member).carryOut();
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
  number('only here', (row) => row.shared && row.lastPrepared - row.shared),
];

function number(title: string, value: (row: CopyRow) => number | undefined) {
  return { title, align: 'right' as const, text: (row: CopyRow) => String(value(row) ?? '-') };
}

interface Copy {
  readonly member: Member;
  readonly keys: number;
  readonly stopped: string | undefined;
  /** One for each part of the arc that it has apart. */
  readonly logs: readonly LogExtent[];
}

async function copiesOf(
  { ring: access, output }: CommandContext,
  ring: Ring,
  arc: ArcConfig,
): Promise<Copy[]> {
  const answers = await Promise.all(
    ring.members.map(async (member): Promise<Copy | undefined> => {
      try {
        return copyOf(member, arc, await access.describe(member.addr));
      } catch (error) {
        output.note(`${member.addr} did not answer: ${(error as Error).message}`);
        return undefined;
      }
    }),
  );
  return answers.filter((copy) => copy !== undefined);
}

function copyOf(member: Member, arc: ArcConfig, { replicas }: dht.NodeDescription): Copy | undefined {
  const there = replicas.filter((replica) => replica.complete && arcInside(rangeOf(replica), arc).length > 0);
  if (there.length === 0) return undefined;
  return {
    member,
    keys: there.reduce((sum, { keys }) => sum + keys, 0),
    stopped: there.find(({ stopped }) => stopped !== undefined)?.stopped,
    logs: there.map((replica) => ({
      range: rangeOf(replica),
      committed: replica.committed,
      lastPrepared: replica.lastPrepared,
      history: historyFromWire(replica.history),
    })),
  };
}

function rangeOf({ start, end }: dht.ReplicaDescription): { start: NodeId; end: NodeId } {
  return { start: position(start), end: position(end) };
}

function rowOf(arc: ArcConfig, { member, keys, logs }: Copy, copies: readonly Copy[]): CopyRow {
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

async function confirm({ stdin, output }: CommandContext, { addr }: Member): Promise<void> {
  if (!('isTTY' in stdin) || stdin.isTTY !== true)
    throw new UsageError('nobody can be asked here: say --yes to give up what contradicts the copy');
  const terminal = createInterface({ input: stdin, output: output.stderr });
  const question = `Keep the copy of ${addr}, and give up what the others have beyond it? Type yes: `;
  const answer = await terminal.question(question).finally(() => terminal.close());
  if (answer.trim() !== 'yes') throw new RingError('CANCELLED', 'nothing was changed');
}

class Decision {
  constructor(
    private readonly context: CommandContext,
    private readonly client: RingClient,
    private readonly arc: ArcConfig,
    private readonly chosen: Member,
  ) {}

  /**
   * The chosen node first: it has to know that it is right before it is given the arc. Given it, it may find that its log
   * ends before the arc's last number, in a term that was not decided about: then it is told once more.
   */
  async carryOut(): Promise<void> {
    await this.decide(this.chosen);
    const untilMs = performance.now() + DONE_MS_MAX;
    let last: unknown;
    while (performance.now() < untilMs && !this.context.signal.aborted) {
      try {
        const { primary, state } = await this.look();
        if (state === 'goes on') return;
        if (state === 'stopped') await this.decide(primary);
        last = undefined;
      } catch (error) {
        last = error;
      }
      await pause(ASK_EVERY_MS, undefined, { signal: this.context.signal }).catch(() => undefined);
    }
    throw last ?? new RingError('DEADLINE_EXCEEDED', 'the arc does not go on yet; look again with recover');
  }

  private decide({ addr }: Member): Promise<unknown> {
    return this.context.ring.recover(addr, { start: this.arc.start, from: this.chosen.id });
  }

  /** At whoever has the arc by now: it goes to its owner as soon as that has a copy, which need not be the chosen node. */
  private async look(): Promise<{ primary: Member; state: 'goes on' | 'stopped' | 'being opened' }> {
    const view = new RingView(this.client.ring());
    const arc = view.arcOfPosition(this.arc.start);
    const primary = arc && view.member(arc.primary);
    if (!primary) throw new RingError('UNAVAILABLE', 'the ring names no owner of the arc');
    const { replicas } = await this.context.ring.describe(primary.addr);
    const own = replicas.find((replica) => replica.primary && arcContains(rangeOf(replica), this.arc.start));
    if (own?.stopped !== undefined) return { primary, state: 'stopped' };
    return { primary, state: own?.serving === true ? 'goes on' : 'being opened' };
  }
}

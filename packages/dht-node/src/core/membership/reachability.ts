/**
 * Which nodes this one reaches at the addresses that they advertise. Others must be able to reach a node that is given
 * an arc, and streams that the node has opened itself do not show that. So a primary that hands an arc over has just
 * dialled the new owner and found that very process.
 *
 * An owner that was replaced because its followers did not hear it does not get its arc back as soon as it answers
 * once. It must have been reached without a failure for a while, or a link that comes and goes would move the arc with
 * it.
 */

import type { Member, NodeId } from '@ringkeep/shared';
import { DIAL_EVERY_MS, DIAL_MS_MAX, PROBATION_PER_FAILURE_TIMEOUT, REACHED_MS } from '../limits';
import type { Outbox, Reports, RingKnowledge, StepTime } from '../context';

interface Dialled {
  /** Whom, and where. */
  readonly process: bigint;
  readonly addr: string;
  askedAt: number;
  waiting: boolean;
  reachedAt: number;
  failedAt: number;
}

type ReachabilityContext = StepTime & RingKnowledge & Outbox & Reports;

export class Reachability {
  private readonly dialled = new Map<NodeId, Dialled>();
  /** Owners about which this node has complained, and when last. */
  private readonly complained = new Map<NodeId, number>();

  constructor(private readonly context: ReachabilityContext) {}

  /**
   * It was found a moment ago, and for as long as it must have been. If that is not known, asks whether it is there.
   */
  isReached(node: NodeId): boolean {
    const dialled = this.dial(node);
    if (!dialled || dialled.reachedAt <= dialled.failedAt) return false;
    const { now, parameters } = this.context;
    if (now - dialled.reachedAt > REACHED_MS) return false;
    const complainedAt = this.complained.get(node);
    const since = Math.max(complainedAt ?? 0, dialled.failedAt);
    const probationMs = parameters.failureTimeoutMs * PROBATION_PER_FAILURE_TIMEOUT;
    return complainedAt === undefined || now - since > probationMs;
  }

  /** It was not found when it was last looked for; looks again when it is time to. */
  isMissed(node: NodeId): boolean {
    const dialled = this.dial(node);
    return dialled !== undefined && dialled.failedAt > dialled.reachedAt;
  }

  /** This node, and perhaps others, did not hear it as an owner for too long. */
  complainedOf(node: NodeId): void {
    this.complained.set(node, this.context.now);
  }

  /** @param process the process that answers at the address; undefined if none does */
  answered(node: NodeId, process: bigint | undefined): void {
    const dialled = this.dialled.get(node);
    if (!dialled) return;
    dialled.waiting = false;
    const missed = dialled.failedAt > dialled.reachedAt;
    if (process === dialled.process) dialled.reachedAt = this.context.now;
    else dialled.failedAt = this.context.now;
    if (missed === dialled.failedAt > dialled.reachedAt) return;
    const { addr } = dialled;
    if (!missed) this.context.report({ kind: 'node-missed', node, addr, other: process !== undefined });
    else this.context.report({ kind: 'node-reached', node, addr });
  }

  tableSizes(): Readonly<Record<string, number>> {
    return { dialled: this.dialled.size, complained: this.complained.size };
  }

  private dial(node: NodeId): Dialled | undefined {
    const { context } = this;
    const member = context.view.member(node);
    if (!member) return undefined;
    const known = this.dialled.get(node);
    const dialled =
      known?.process === member.process && known.addr === member.addr ? known : notDialled(member);
    if (known !== dialled) this.begin(node, dialled);
    const dueMs = dialled.waiting ? DIAL_MS_MAX : DIAL_EVERY_MS;
    if (context.now - dialled.askedAt < dueMs) return dialled;
    dialled.waiting = true;
    dialled.askedAt = context.now;
    context.emit({ kind: 'dial', to: member });
    return dialled;
  }

  private begin(node: NodeId, dialled: Dialled): void {
    for (const table of [this.dialled, this.complained]) {
      for (const id of table.keys()) if (!this.context.view.member(id)) table.delete(id);
    }
    this.dialled.set(node, dialled);
  }
}

function notDialled({ process, addr }: Member): Dialled {
  return { process, addr, waiting: false, askedAt: -Infinity, reachedAt: -Infinity, failedAt: -Infinity };
}

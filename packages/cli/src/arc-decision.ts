/**
 * Carries out a person's decision whose copy of a stopped arc is right: tells the nodes that need to know, until the
 * arc goes on.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { RingClient } from '@ringkeep/client';
import { arcContains, RingError, RingView, type ArcConfig, type Member } from '@ringkeep/shared';
import { rangeOf } from './arc-copies';
import type { CommandContext } from './commands/command';

/** How long the ring may take to do what was decided. */
const DONE_MS_MAX = 30_000;
const ASK_EVERY_MS = 250;

export class ArcDecision {
  constructor(
    private readonly context: CommandContext,
    private readonly client: RingClient,
    private readonly arc: ArcConfig,
    private readonly chosen: Member,
  ) {}

  /**
   * The chosen node first, because it has to know that it is right before it is given the arc. Once it has the arc, it
   * may find that its log ends before the arc's last number, in a term that was not decided about. Then it is told once
   * more.
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
    throw last ?? new RingError('DEADLINE_EXCEEDED', 'the arc has not resumed yet; look again with recover');
  }

  private decide({ addr }: Member): Promise<unknown> {
    return this.context.ring.recover(addr, { start: this.arc.start, from: this.chosen.id });
  }

  /**
   * Asks the node that has the arc by now. The arc goes to its owner as soon as that has a copy, and the owner need not
   * be the chosen node.
   */
  private async look(): Promise<{ primary: Member; state: 'goes on' | 'stopped' | 'being opened' }> {
    const view = new RingView(this.client.ring());
    const arc = view.arcOfPosition(this.arc.start);
    const primary = arc && view.member(arc.primary);
    if (!primary) throw new RingError('UNAVAILABLE', 'the ring names no owner of the arc');
    const { replicas } = await this.context.ring.describeNode(primary.addr);
    const own = replicas.find((replica) => replica.primary && arcContains(rangeOf(replica), this.arc.start));
    if (own?.stopped !== undefined) return { primary, state: 'stopped' };
    return { primary, state: own?.serving === true ? 'goes on' : 'being opened' };
  }
}

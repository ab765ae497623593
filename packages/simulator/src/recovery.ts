/**
 * The liveness phase: the faults have ended, everything is put right, and within a bound the ring is as it should be.
 */

import type { Arc, NodeId } from '@ringkeep/shared';
import { notYetAtRest, notYetInSync } from './checkers/at-rest';
import type { Faults } from './world/faults';
import { nodesAtRest } from './world/nodes-at-rest';
import type { OldRegistry } from './world/old-registry';
import { Operator } from './world/operator';
import type { Run } from './world/world';

/** No message and no operation that was under way when the faults stopped ends later than that. */
const UNDER_WAY_MS_MAX = 12_000;
/** Time for what comes of the last of them. */
const QUIET_MS = 1_000;
/** The bound of the liveness phase: faults have stopped, and so much later everything is as it should be. */
const LIVENESS_MS_MAX = 60_000;
const LOOK_EVERY_MS = 250;
/** So long after the faults the arcs are where they should be, although clients go on writing. */
const UNDER_WRITES_MS_MAX = 20_000;

export interface RecoveryOptions {
  readonly faults: Faults;
  readonly oldRegistry: OldRegistry;
  /** Clients go on until the arcs are where they should be. */
  readonly writesGoOn: boolean;
  readonly stopClients: () => void;
}

export class Recovery {
  /** How long after the faults everything was as it should be. */
  tookMs = 0;
  private readonly operator: Operator;

  constructor(
    private readonly run: Run,
    private readonly options: RecoveryOptions,
  ) {
    this.operator = new Operator(run);
  }

  /** About these arcs an operator has decided: acknowledged writes may be lost there. */
  get decidedArcs(): readonly Arc[] {
    return this.operator.decided;
  }

  /** Puts everything right and waits until the ring is as it should be. */
  async recover(): Promise<boolean> {
    const { run, options } = this;
    const { timeline } = run;
    if (!(await run.runUntil(timeline.now + options.oldRegistry.end()))) return false;
    options.faults.heal();
    if (options.writesGoOn && !(await this.settleUnderWrites())) return false;
    options.stopClients();
    const healedAt = timeline.now;
    const lastUnderWayAt = timeline.latestUpTo(healedAt + UNDER_WAY_MS_MAX);
    if (!(await this.settle(healedAt))) return false;
    this.tookMs = timeline.now - healedAt;
    return (await run.runUntil(lastUnderWayAt + QUIET_MS)) && this.settle(healedAt);
  }

  /** Scrubs every node. @returns what is still damaged */
  private scrub(): string | undefined {
    const found = this.run.machines
      .filter(({ process }) => process?.core && process.scrub())
      .map(({ name }) => name);
    return found.length === 0 ? undefined : `${found.join(' ')} have damaged entries`;
  }

  /** It will never be switched on again, or its machine is another node by now. */
  private isGone(node: NodeId): boolean {
    return this.run.machineOf(node)?.retired ?? true;
  }

  /** Steady writes keep no copy out. */
  private async settleUnderWrites(): Promise<boolean> {
    const { timeline, registry } = this.run;
    const until = timeline.now + UNDER_WRITES_MS_MAX;
    for (;;) {
      const reason = notYetInSync(registry.ring, (id) => this.isGone(id));
      if (reason === undefined) return true;
      if (timeline.now > until) {
        this.run.fail('liveness', `under writes, ${UNDER_WRITES_MS_MAX} ms after the last fault: ${reason}`);
        return false;
      }
      if (!(await this.run.runUntil(timeline.now + LOOK_EVERY_MS))) return false;
    }
  }

  private async settle(healedAt: number): Promise<boolean> {
    const { timeline, registry, machines } = this.run;
    for (;;) {
      const restless = notYetAtRest(registry.ring, nodesAtRest(machines), (id) => this.isGone(id));
      const reason = restless ?? this.scrub();
      if (reason === undefined) return true;
      if (timeline.now - healedAt > LIVENESS_MS_MAX) {
        this.run.fail('liveness', `${LIVENESS_MS_MAX} ms after the last fault: ${reason}`);
        return false;
      }
      this.operator.decideAboutStoppedArcs();
      if (!(await this.run.runUntil(timeline.now + LOOK_EVERY_MS))) return false;
    }
  }
}

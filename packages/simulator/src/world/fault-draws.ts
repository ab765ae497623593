/**
 * What the faults of a run share: the source of chance that the present one draws from, whether it lasts long, and
 * whether there are any more of them. What a fault does later draws from the source that it had.
 */

import type { Random } from '@ringkeep/shared';
import type { Scenario } from '../scenario';

export class FaultDraws {
  /** Everything is being put right: no more of it. */
  over = false;
  long = false;

  constructor(
    public random: Random,
    private readonly parameters: Scenario['parameters'],
  ) {}

  /** A duration: mostly short, sometimes longer than every lease. */
  durationMs(): number {
    const { membershipLeaseMs, leaseMs } = this.parameters;
    const longest = 2 * Math.max(membershipLeaseMs, leaseMs);
    if (this.long) return this.random.between(longest / 2, 2 * longest);
    return this.random.chance(0.5) ? this.random.between(10, leaseMs) : this.random.between(leaseMs, longest);
  }

  /** How long a machine is off: a moment, or for as long as any fault. */
  outageMs(): number {
    return this.random.chance(0.5) ? 5 + this.random.below(50) : this.durationMs();
  }
}

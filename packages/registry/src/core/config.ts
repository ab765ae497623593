/** The settings of a registry core: the cluster's parameters, how it places nodes, and its own times. */

import { DEFAULT_PARAMETERS, RingError, type ClusterParameters, type Position } from '@ringkeep/shared';
import type { RegistryRules } from './rules';
import { PLACEMENTS, type Placement } from './placement';

export interface RegistryConfig {
  /** Handed to every node that registers. `membershipLeaseMs` is the registry's own as well. */
  readonly parameters: ClusterParameters;
  readonly placement: Placement;
  /** How long a dead member that holds nothing keeps its place. */
  readonly forgetAfterMs: number;
  /** How long the first member that returns to an offline arc waits for the others. */
  readonly returnWaitMs: number;
  /** How many changes are kept for watchers that resume. A watcher further behind gets the whole ring. */
  readonly historyChangesMax: number;
}

/** What a core cannot do by itself. */
export interface RegistryTools {
  /** The first 8 bytes, big-endian, of the SHA-256 of a text. */
  readonly positionOfText: (text: string) => Position;
  /** The right ones, unless a simulator leaves one out. */
  readonly rules?: RegistryRules;
  /** The data were restored from a copy: nothing is decided about an arc before all of its members have spoken. */
  readonly restored?: boolean;
}

export const DEFAULT_CONFIG: RegistryConfig = {
  parameters: DEFAULT_PARAMETERS,
  placement: 'balanced',
  forgetAfterMs: 600_000,
  returnWaitMs: 1_000,
  historyChangesMax: 1_024,
};

const BOUNDS = {
  forgetAfterMs: [100, 7 * 24 * 3_600_000],
  returnWaitMs: [0, 60_000],
  historyChangesMax: [0, 100_000],
} as const;

/** Throws INVALID_ARGUMENT naming the setting and its range. The parameters were checked already. */
export function checkConfig(config: RegistryConfig): RegistryConfig {
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = config[name as keyof typeof BOUNDS];
    if (!Number.isInteger(value) || value < least || value > most) {
      const text = `${name} must be an integer from ${least} to ${most}, got ${value}`;
      throw new RingError('INVALID_ARGUMENT', text);
    }
  }
  if (!PLACEMENTS.includes(config.placement)) {
    const text = `placement must be one of ${PLACEMENTS.join(', ')}, got ${config.placement}`;
    throw new RingError('INVALID_ARGUMENT', text);
  }
  return config;
}

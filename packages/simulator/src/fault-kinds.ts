/** The kinds of faults. Those of the network are there all the time, the others happen now and then. */

export const NETWORK_KINDS = [
  'loss',
  'lateness',
  'proposals-astray',
  'pushes-astray',
  'duplication',
  'stream-break',
  'stream-lag',
] as const;

export const PASSING_KINDS = [
  'crash',
  'power-loss',
  'mass-crash',
  'wipe',
  'copies-lost',
  'blackout',
  'pause',
  'suspend',
  'partition',
  'one-way-cut',
  'registry-cut',
  'client-cut',
  'address-lost',
  'clog',
  'disk-stall',
  'disk-full',
  'disk-error',
  'disk-broken',
  'slow-processor',
  'registry-crash',
  'registry-pause',
  'join',
  'leave',
] as const;

/** It has times of its own, at which nothing else happens. */
export const ROT = 'bit-rot';

/** It follows what it waits for, and comes at no other time. */
export const PART_LOST = 'part-lost';

export const FAULT_KINDS = [...PASSING_KINDS, ...NETWORK_KINDS, ROT] as const;

export type PassingKind = (typeof PASSING_KINDS)[number] | typeof PART_LOST;
export type FaultKind = (typeof FAULT_KINDS)[number];

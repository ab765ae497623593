export type { NodeOptions } from './node-options';
export { RingNode } from './server';
export type { NodeStatus } from './observing/tallies';
export type * from './observing/node-observer';
export type { NodeEvent } from './core/effects';
export type { Durability } from './storage';
export type {
  LockOptions,
  PlainEvent,
  ResyncedEvent,
  RingChanges,
  RingEvent,
  RingLock,
  WatchOptions,
} from '@ringkeep/client/watching';

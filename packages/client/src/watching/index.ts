/** Watches and locks by themselves, for whoever knows the ring without a session: a node. */

export { ChangeWatches, type WatchOptions } from '../change-watches';
export type { PlainEvent, ResyncedEvent, RingChanges, RingEvent } from '../ring-changes';
export { acquireLock, type LockOptions, type RingLock } from '../ring-lock';

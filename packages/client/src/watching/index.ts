/** Watches of the whole ring by themselves, for whoever knows the ring without a session: a door of a node. */

export { ChangeWatches, type WatchOptions } from '../change-watches';
export type { RingChanges, RingEvent } from '../ring-changes';

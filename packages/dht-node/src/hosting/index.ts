/** What hosts a node's core in a process. */

export * from './host';
export * from '../ask/open-queries';
export type { WatchSink } from '../ask/open-watches';
export * from './ports';
export * from './taking-up';

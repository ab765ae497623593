/** What hosts a node's core in a process. */

export * from './host';
export * from './taking-up';

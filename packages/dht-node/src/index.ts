export type { NodeOptions } from './node-options';
export { RingNode } from './server';
export type { NodeStatus } from './core/node-status';
export type { Durability } from './storage';

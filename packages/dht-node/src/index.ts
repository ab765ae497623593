export { RingNode, type NodeOptions } from './server';
export type { NodeStatus } from './core/node-status';
export type { Durability } from './storage';

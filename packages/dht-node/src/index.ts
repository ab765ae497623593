export { RingNode, type NodeOptions } from './server';
export type { NodeStatus } from './core/node';
export type { Durability } from './storage';

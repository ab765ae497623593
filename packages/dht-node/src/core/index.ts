export type { TransferSizes } from './config';
export * from './effects';
export * from './entry-store';
export * from './inputs';
export * from './messages';
export * from './node';
export type { NodeStatus } from './node-status';
export * from './records';
export * from './rules';

export type { TransferSizes } from './config';
export * from './effects';
export * from './entry-store';
export * from './inputs';
export * from './messages';
export * from './node';
export * from './records';
export * from './rules';

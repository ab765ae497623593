export * from './byte-budget';
export * from './connections';
export type { CallBytes } from './guarded-stream';
export * from './inflow';
export * from './message-meter';
export * from './open-files';

export { RingClient } from './ring-client';
export type { VersionedValue, WriteOptions, WriteResult } from './conditions';
export type { CallOptions, ConnectOptions, RingClientOptions } from './options';
export type { Operand } from './operands';
export type { ItemResult } from './pending-calls';
export type { SessionCounts, SessionLimits, SessionReport, WatchSource } from './core';
export { RingError, type ErrorCode, type Ring } from '@ringkeep/shared';

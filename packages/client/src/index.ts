export { RingClient } from './ring-client';
export type { ExpireOptions, VersionedValue, WriteResult } from '@ringkeep/shared/operations/write-options';
export type {
  TransactCondition,
  TransactOperation,
  TransactOptions,
  TransactResult,
} from '@ringkeep/shared/operations/transact-options';
export {
  RingChanges,
  type KeyChange,
  type LostChanges,
  type PlainEvent,
  type ResyncedEvent,
  type ResyncEntry,
  type ResyncPart,
  type RingEvent,
} from './ring-changes';
export { RingLock, type LockOptions } from './ring-lock';
export type { WatchOptions } from './change-watches';
export {
  Range,
  type RangeOptions,
  Scan,
  ScanEntry,
  type ScanOptions,
  type ScanPage,
} from '@ringkeep/shared/scans';
export type { CallOptions, ConnectOptions, RingClientOptions, WriteOptions } from './options';
export type { Operand } from './operands';
export type { ItemResult } from './pending-calls';
export type { SessionCounts, SessionLimits, SessionReport, WatchSource } from './core';
export { RingError, type ErrorCode, type Ring } from '@ringkeep/shared';

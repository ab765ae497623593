/** What `@ringkeep/node` exports: a node in a program of one's own, what it is told, and what it tells. */

export { RingNode } from './server';
export type { NodeOptions } from './node-options';
export type { NodeStatus } from './observing/tallies';
export type { AnsweredOperations, EndedForward, NodeObserver, Refusal } from './observing/node-observer';
export type { NodeEvent } from './core/effects';
export type { Durability } from './storage';
export { RingError, type ErrorCode, type Ring } from '@ringkeep/shared';
export { ReadableMeter, valuesOf, type Meter, type MeterReading } from '@ringkeep/process/meter';
export { createLogger, silentLogger, type Logger, type LoggerOptions } from '@ringkeep/process/running';

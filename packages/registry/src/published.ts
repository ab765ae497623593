/** What `@ringkeep/registry` exports: a registry in a program of one's own. */

export { startRegistry, type RegistryOptions, type RegistryStorage, type RunningRegistry } from './server';
export type { AnsweredQuestion, RegistryObserver } from './observing/registry-observer';
export { RingError, type ClusterParameters, type ErrorCode, type Ring } from '@ringkeep/shared';
export { ReadableMeter, valuesOf, type Meter, type MeterReading } from '@ringkeep/process/meter';
export { createLogger, silentLogger, type Logger, type LoggerOptions } from '@ringkeep/process/running';

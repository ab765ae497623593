export { loadFile, type LoadSummary } from './load';
export { lookupFile, type LookupSummary } from './lookup';
export type { BulkFigures, BulkOptions } from './bulk-run';
export { parseKeyFields, type FieldPath } from './record';
export { FORMATS, type Format } from './record-reader';
export type { Problem } from './tally';

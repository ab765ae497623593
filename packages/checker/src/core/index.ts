export * from './check-history';
export * from './history';
export * from './judge';
export * from './kv-model';
export * from './model';
export * from './places';
export * from './recorder';
export { type SearchLimits } from './search';

export * from './adapters/ring-store';
export * from './adapters/ring-store-conformance';
export * from './core';
export type * from './observing/registry-observer';
export * from './server';

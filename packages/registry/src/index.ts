export * from './adapters/ring-store';
export * from './adapters/ring-store-conformance';
export * from './core';
export * from './server';

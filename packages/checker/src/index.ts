export * from './core';
export * from './adapters/history-file';

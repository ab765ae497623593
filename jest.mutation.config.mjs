// The tests of the cores and of the storage: those that need no build, no socket and no other process.
import everything from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...everything,
  testMatch: [
    '<rootDir>/packages/registry/test/core/**/*.test.ts',
    '<rootDir>/packages/dht-node/test/{core,storage}/**/*.test.ts',
    '<rootDir>/packages/client/test/**/*.test.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/', 'system-calls', 'process'],
  modulePathIgnorePatterns: [],
};

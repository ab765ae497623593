// Tests run on the TypeScript sources; tests with real processes use what `npm run build` made.
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // By default one core is left idle: of two, every second.
  maxWorkers: '100%',
  // For tests that start processes on a busy machine.
  testTimeout: 60_000,
  // Looking up a global costs much in a test environment: without these the simulator takes half as long again.
  sandboxInjectedGlobals: ['Array', 'BigInt', 'Map', 'Math', 'Number', 'Object'],
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/scripts/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: {
    '^@ringkeep/shared$': '<rootDir>/packages/shared/src/ring/index.ts',
    '^@ringkeep/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@ringkeep/shared/([^/]+)/(.+)$': '<rootDir>/packages/shared/src/$1/$2.ts',
    '^@ringkeep/([^/]+)/program$': '<rootDir>/packages/$1/src/program.ts',
    '^@ringkeep/([^/]+)/(.+)$': '<rootDir>/packages/$1/src/$2/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/coverage/', '<rootDir>/published/'],
};

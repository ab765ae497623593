// Tests run on the TypeScript sources; tests with real processes use what `npm run build` made.
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
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
    '^@ringkeep/([^/]+)/(.+)$': '<rootDir>/packages/$1/src/$2/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
};

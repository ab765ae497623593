/**
 * Mutation testing: each rule is changed in turn, and some test has to notice. For single files by hand, since a whole
 * package takes hours: npm run mutate -- --mutate 'packages/registry/src/core/deadlines.ts'
 *
 * Only the tests of the mutated package's folder that reach the changed line run for it.
 */
export default {
  testRunner: 'jest',
  jest: { projectType: 'custom', configFile: 'jest.mutation.config.mjs', enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  mutate: [
    'packages/registry/src/core/**/*.ts',
    'packages/dht-node/src/core/**/*.ts',
    'packages/dht-node/src/storage/**/*.ts',
    'packages/client/src/core/**/*.ts',
  ],
  // Texts for people are no rules.
  mutator: { excludedMutations: ['StringLiteral'] },
  concurrency: 1,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  tempDirName: 'coverage/mutation',
  cleanTempDir: 'always',
  // None: swc compiles the tests, and nothing is type-checked.
  tsconfigFile: 'none',
  timeoutMS: 20_000,
};

/**
 * Mutation testing: each rule is changed in turn, and some test has to notice, or some seed of the simulator after
 * them. For one file: npm run mutate -- --mutate packages/registry/src/core/deadlines.ts (or deadlines.ts:10-20).
 * MUTATE_SEEDS=3 runs three seeds instead of ten, 0 none; a mutant that survives the tests costs some twenty seconds with ten.
 *
 * MUTATE_SAMPLE=8 mutates every eighth function only.
 *
 * Only tests that reach the changed line run, all of them in one process (scripts/mutation/setup.mjs).
 */
import process from 'node:process';

const seeds = process.env['MUTATE_SEEDS'] === '0' ? [] : ['packages/simulator/test/mutation-seeds.ts'];

export default {
  testRunner: 'mocha',
  mochaOptions: {
    require: ['./scripts/mutation/setup.mjs'],
    // Those without other processes, sockets and built programs; the cheap ones first, since the first failure ends it.
    spec: [
      'packages/registry/test/core/**/*.test.ts',
      'packages/client/test/{call-queue,doubts,link,send-window,session,stale-news,session-properties}.test.ts',
      'packages/dht-node/test/core/**/*.test.ts',
      'packages/dht-node/test/routing/{forwards,next-hop}.test.ts',
      'packages/dht-node/test/storage/!(processes|system-calls).test.ts',
      ...seeds,
    ],
  },
  coverageAnalysis: 'perTest',
  mutate: [
    'packages/registry/src/core/**/*.ts',
    'packages/dht-node/src/core/**/*.ts',
    'packages/dht-node/src/storage/**/*.ts',
    'packages/client/src/core/**/*.ts',
  ],
  // Texts for people are no rules.
  mutator: { excludedMutations: ['StringLiteral'] },
  plugins: ['@stryker-mutator/*', './scripts/mutation/sample.mjs'],
  ignorers: ['sample'],
  // What is computed once when a module is loaded would need a process for each mutant.
  ignoreStatic: true,
  thresholds: { break: 85 },
  concurrency: 1,
  // Of a busy machine; a test that is only slow must not count as a mutant killed.
  timeoutMS: 30_000,
  timeoutFactor: 4,
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'coverage/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  tempDirName: 'coverage/mutation',
  cleanTempDir: 'always',
  ignorePatterns: ['**/dist', 'docs', 'data'],
  // None: swc compiles the tests, and nothing is type-checked.
  tsconfigFile: 'none',
};

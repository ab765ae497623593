import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

// What a core may not do: it gets time, chance and completions as inputs.
const coreFence = {
  'no-restricted-globals': [
    'error',
    ...[
      'Date',
      'performance',
      'process',
      'console',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
    ].map((name) => ({
      name,
      message: 'A core has no clock, timer or console: time and completions are inputs.',
    })),
  ],
  'no-restricted-properties': [
    'error',
    {
      object: 'Math',
      property: 'random',
      message: 'Chance is an argument: use the seeded generator handed in.',
    },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: ':function[async=true]', message: 'A core is synchronous.' },
    { selector: 'AwaitExpression', message: 'A core is synchronous.' },
  ],
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        { group: ['node:*', '@grpc/*', 'winston', 'lmdb'], message: 'A core does no I/O.' },
        {
          group: [
            '**/adapters/**',
            '**/doors/**',
            '**/links/**',
            '**/server',
            '**/wire',
            '**/channel',
            '@ringkeep/process',
          ],
          message: 'Imports point one way.',
        },
      ],
    },
  ],
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/generated/**',
      'node_modules/**',
      'data/**',
      'coverage/**',
      'bench-results/**',
      'chaos-failures/**',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  prettier,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts', 'scripts/**/*.ts', 'scripts/**/*.mjs'],
    ignores: ['scripts/test/**'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    // A table is as long as what it lists.
    files: ['packages/simulator/src/focuses.ts', 'packages/simulator/src/planted-bugs.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: [
      'packages/*/src/core/**/*.ts',
      'packages/shared/src/ring/**/*.ts',
      'packages/routing/src/**/*.ts',
    ],
    ignores: ['packages/routing/src/lab/**'],
    rules: coreFence,
  },
  {
    files: [
      '**/main.ts',
      '**/program.ts',
      'packages/program/src/**/*.ts',
      'packages/cli/src/**/*.ts',
      'packages/{local-ring,bench}/src/**/*.ts',
      'scripts/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // Programs as their readers would write them: they import nothing that a Node.js program has without it.
    files: ['examples/**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['AbortController', 'AbortSignal', 'Buffer', 'console', 'performance', 'process'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
    rules: { 'no-console': 'off' },
  },
  {
    files: ['*.js', '*.mjs', '*.cjs'],
    languageOptions: { globals: { module: 'writable', require: 'readonly' } },
  },
);

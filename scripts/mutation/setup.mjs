/**
 * Lets Mocha run the tests as they are: TypeScript through swc, packages from their sources, Jest's words.
 *
 * Jest loads every module anew for each test file, which costs ten seconds and more a mutant. Mocha loads them once and
 * Stryker switches mutants within the loaded code; cores keep no state in modules, so that a mutant costs what its
 * tests cost, often some milliseconds.
 */

import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { transformSync } from '@swc/core';
import jestConfig from '../../jest.config.js';
import { jestWords } from './interface.mjs';

const ROOT = process.cwd();

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
    sourceMaps: false,
    swcrc: false,
  });
  module._compile(code, filename);
};

const mapped = Object.entries(jestConfig.moduleNameMapper).map(([pattern, path]) => ({
  pattern: new RegExp(pattern),
  path: path.replace('<rootDir>', ROOT),
}));
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const found = mapped.find(({ pattern }) => pattern.test(request));
  return resolve.call(this, found ? request.replace(found.pattern, found.path) : request, ...rest);
};

// Stryker takes no interface but Mocha's own ones.
const ofMocha = join('mocha', 'lib', 'mocha.js');
const mocha = Object.values(Module._cache).find(({ filename }) => filename.endsWith(ofMocha));
mocha.exports.interfaces.bdd = jestWords;

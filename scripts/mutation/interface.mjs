/** Jest's words for Mocha: what is said outside of `describe` is of its file alone, and titles begin with the file. */

import { basename } from 'node:path';
import { expect } from 'expect';
import { bind } from 'jest-each';
import { ModuleMocker } from 'jest-mock';

const mocker = new ModuleMocker(globalThis);

export function jestWords(root) {
  root.on('pre-require', (context, file, { constructor: { Suite, Test } }) => {
    const open = [Suite.create(root, basename(file, '.test.ts'))];
    const test = (title, body) => {
      const added = new Test(title, body);
      added.file = file;
      open[0].addTest(added);
    };
    const describe = (title, body) => {
      open.unshift(Suite.create(open[0], title));
      body();
      open.shift();
    };
    Object.assign(context, {
      expect,
      jest: {
        spyOn: mocker.spyOn.bind(mocker),
        restoreAllMocks: () => mocker.restoreAllMocks(),
        setTimeout: () => undefined,
      },
      describe: Object.assign(describe, { each: bind(describe, false) }),
      test: Object.assign(test, { each: bind(test, false), skip: () => undefined }),
      it: test,
      beforeAll: (body) => open[0].beforeAll(body),
      afterAll: (body) => open[0].afterAll(body),
      beforeEach: (body) => open[0].beforeEach(body),
      afterEach: (body) => open[0].afterEach(body),
    });
  });
}

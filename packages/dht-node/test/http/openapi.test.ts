/** The OpenAPI document: it is valid, and it and the door have the same routes. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openApiDocument } from '../../src/doors/http/openapi/document';
import { Router } from '../../src/doors/http/routes/router';
import { routesOf } from '../../src/doors/http/routes/routes';
import { TestRing } from '../ring/test-ring';
import { ask } from './http-client';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const routes = routesOf(() => {
  throw new Error('nothing is watched here');
}, '0.0.0');
const document = openApiDocument(routes, '0.0.0') as Document;

/** It is a module, which a test here cannot load. */
const VALIDATE = `
  import { Validator } from '@seriousme/openapi-schema-validator';
  let text = '';
  for await (const piece of process.stdin) text += piece;
  const { valid, errors } = await new Validator().validate(JSON.parse(text));
  if (!valid) console.log(JSON.stringify(errors, undefined, 1));
`;

test('it is valid', async () => {
  const validating = promisify(execFile)(process.execPath, ['--input-type=module', '-e', VALIDATE], {
    cwd: __dirname,
  });
  validating.child.stdin?.end(JSON.stringify(document));
  expect((await validating).stdout).toBe('');
  expect(document.openapi).toMatch(/^3\.1\./);
});

test('every schema that is named is there, and none that nobody names', () => {
  const text = JSON.stringify(document);
  const named = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual(Object.keys(document.components.schemas).sort());
});

test('every route is in it, and nothing else', () => {
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(told.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  const router = new Router(routes);
  for (const { method, path } of routes)
    expect(router.find(method, path.slice(1).replace('{key}', 'YQ').split('/')).route.path).toBe(path);
});

test('the door gives it, and each of its paths is there', async () => {
  const ring = await TestRing.start({ replicationFactor: 1 });
  try {
    const address = (await ring.addNode({ http: { host: '127.0.0.1', port: 0 } })).httpAddress as string;
    const told = await ask(address, 'GET', '/openapi.json');
    expect([told.status, told.headers['content-type']]).toEqual([200, 'application/json']);
    const given = JSON.parse(told.body) as Document;
    expect(Object.keys(given.paths)).toEqual(Object.keys(document.paths));
    for (const [path, methods] of Object.entries(given.paths)) {
      const { headers } = await ask(address, 'OPTIONS', path.replace('{key}', 'YQ'));
      const allowed = (headers.allow as string).toLowerCase().split(', ');
      expect(allowed.filter((method) => method !== 'head' && method !== 'options').sort()).toEqual(
        Object.keys(methods).sort(),
      );
      const wrong = await ask(address, 'PATCH', path.replace('{key}', 'YQ'));
      expect([wrong.status, wrong.headers.allow]).toEqual([405, headers.allow]);
    }
    const nothing = await ask(address, 'GET', '/');
    expect([nothing.status, nothing.body]).toEqual([404, expect.stringContaining('/openapi.json')]);
  } finally {
    await ring.stop();
  }
});

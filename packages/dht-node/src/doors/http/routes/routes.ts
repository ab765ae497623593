/** Everything that this door does: a row for each method of each path. */

import { json } from '../answer';
import { openApiDocument } from '../openapi/document';
import type { Route } from './asked';
import { keyRoutes } from './keys';
import { ringRoute } from './ring';
import { scanRoutes } from './scans';
import { transactionRoute } from './transactions';
import { watchRoutes, type OpenWatch } from './watches';

/** `version`: of the program. */
export function routesOf(openWatch: OpenWatch, version: string): readonly Route[] {
  const nothing = { query: {}, headers: {}, brings: { kind: 'none' } } as const;
  const documentRoute: Route = {
    ...nothing,
    method: 'GET',
    path: '/openapi.json',
    id: 'getDocument',
    summary: 'This document',
    answers: { 200: { text: 'An OpenAPI 3.1 document.', type: 'application/json' } },
    handle: () => json(200, document),
  };
  const routes = [
    ...keyRoutes,
    ...scanRoutes,
    ...watchRoutes(openWatch),
    transactionRoute,
    ringRoute,
    documentRoute,
  ];
  const document = openApiDocument(routes, version);
  return routes;
}

/** What can be fed to break it, by name: a row each. */

import type { FuzzTarget } from './fuzz-case';
import { HTTP_TARGET } from './http-target';
import { RESP_TARGET } from './resp-target';

export const TARGETS = {
  http: HTTP_TARGET,
  resp: RESP_TARGET,
} as const satisfies Record<string, FuzzTarget>;

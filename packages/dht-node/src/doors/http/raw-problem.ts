/** A whole answer for a connection that nothing more can be read of. */

import { STATUS_CODES } from 'node:http';
import { COMMON_HEADERS } from './common-headers';
import type { HttpFault } from './http-fault';
import { problemOf } from './problems';

/** As it travels. */
export function rawProblem(fault: HttpFault): string {
  const { status, headers, document } = problemOf(fault);
  const body = `${JSON.stringify(document)}\n`;
  const told = [
    ...COMMON_HEADERS,
    ...headers,
    ...[
      'Content-Type',
      PROBLEM_TYPE,
      'Content-Length',
      String(Buffer.byteLength(body)),
      'Connection',
      'close',
    ],
  ];
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  for (let i = 0; i < told.length; i += 2) lines.push(`${told[i]}: ${told[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** What an error is over HTTP: proxies repeat what is 502, 503 or 504, so that is only what was not started. */

import { ERROR_CODES, RingError, type ErrorCode } from '@ringkeep/shared';
import { HttpFault } from '../../src/doors/http/http-fault';
import { problemOf } from '../../src/doors/http/problems';
import { rawProblem } from '../../src/doors/http/raw-problem';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

test.each(CODES.filter((code) => ERROR_CODES[code].advice === 'outcome-unknown'))(
  '%s, after which nobody knows what was done, is 500',
  (code) => {
    expect(problemOf(new RingError(code)).status).toBe(500);
  },
);

test.each(CODES)('%s has its code, its words and a status of an error', (code) => {
  const { status, document, headers } = problemOf(new RingError(code, 'the words'));
  expect(document).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: 'the words',
    code,
  });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(headers.includes('Retry-After')).toBe(status === 503);
});

test('what is to be tried later says when', () => {
  for (const code of CODES.filter((each) => ERROR_CODES[each].advice === 'retry-later'))
    expect(problemOf(new RingError(code)).headers).toEqual(['Retry-After', '1']);
});

test('a fault of the node itself tells nothing of what it was', () => {
  const { document } = problemOf(new Error('secret of the node'));
  expect([document.status, document.code, document.detail]).toEqual([
    500,
    'INTERNAL',
    'a fault of the node itself; its log says more',
  ]);
});

test('a whole answer for a broken connection has its length and ends it', () => {
  const text = rawProblem(new HttpFault(431, 'too large – é'));
  const [head, body] = text.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\nCache-Control: no-store/);
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close`);
});

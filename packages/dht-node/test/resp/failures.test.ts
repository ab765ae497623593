/** What a ring that does not answer is in the words of Redis, and what is bounded. */

import type { OperationResult } from '@ringkeep/shared/operations';
import type { Bytes, ErrorCode } from '@ringkeep/shared';
import { OperationType } from '@ringkeep/shared/operations';
import { isWrite } from '@ringkeep/shared/operations/operation';
import { QUEUED_COMMANDS_MAX } from '../../src/doors/resp/limits';
import { DirectClient, MemoryRing } from './memory-ring';

/** A ring that fails whatever it is asked. */
class FailingRing extends MemoryRing {
  constructor(
    private readonly code: ErrorCode,
    private readonly fails: (type: number) => boolean = () => true,
  ) {
    super();
  }

  override apply(operation: Parameters<MemoryRing['apply']>[0]): OperationResult {
    if (!this.fails(operation.type)) return super.apply(operation);
    return { ok: false, code: this.code, text: `${this.code} of a ${isWrite(operation) ? 'write' : 'read'}` };
  }
}

const NOT_STARTED: readonly ErrorCode[] = [
  'UNAVAILABLE',
  'NOT_OWNER',
  'RESOURCE_EXHAUSTED',
  'DEADLINE_EXCEEDED',
];
const COMMANDS = [
  'GET k',
  'SET k v',
  'INCR k',
  'INCRBYFLOAT k 1',
  'MGET a b',
  'MSET a 1 b 2',
  'EXPIRE k 1',
  'TTL k',
];

describe('what was not started', () => {
  test.each(NOT_STARTED)('(%s) is TRYAGAIN', async (code) => {
    const client = new DirectClient(new FailingRing(code));
    for (const command of COMMANDS) expect(await client.one(command)).toMatch(/^-TRYAGAIN /);
    expect((await client.all('MULTI', 'INCR k', 'EXEC')).at(-1)).toMatch(/^-TRYAGAIN /);
    expect(await client.one('WATCH k')).toMatch(/^-TRYAGAIN /);
    expect((await client.all('MULTI', 'PING', 'EXEC')).at(-1)).toBe(
      '-TRYAGAIN nothing was done: a watched key could not be read',
    );
  });
});

describe('what may have happened', () => {
  test.each(['OUTCOME_UNKNOWN', 'INTERNAL'] as const)('(%s) is UNKNOWNOUTCOME, of writes', async (code) => {
    const client = new DirectClient(new FailingRing(code));
    for (const command of ['SET k v', 'INCR k', 'APPEND k v', 'DEL a b', 'MSET a 1 b 2'])
      expect(await client.one(command)).toMatch(/^-UNKNOWNOUTCOME /);
    expect((await client.all('MULTI', 'INCR k', 'EXEC')).at(-1)).toMatch(/^-UNKNOWNOUTCOME /);
    expect(await client.all('SET k 1', 'INCR k', 'GET k')).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^-UNKNOWNOUTCOME /) as string),
    );
  });

  test('of one key of several is said of the command', async () => {
    const ring = new MemoryRing();
    const client = new DirectClient(ring);
    let writes = 0;
    const apply = ring.apply.bind(ring);
    ring.apply = (operation) => {
      const code = (['UNAVAILABLE', 'OUTCOME_UNKNOWN', undefined] as const)[writes++ % 3];
      return code === undefined ? apply(operation) : { ok: false, code, text: code };
    };
    expect(await client.one('MSET a 1 b 2 c 3')).toBe('-UNKNOWNOUTCOME OUTCOME_UNKNOWN');
  });

  test('is not said of a command that only read before it wrote', async () => {
    const ring = new FailingRing('UNAVAILABLE', (type) => type === OperationType.transact);
    expect(await new DirectClient(ring).one('INCRBYFLOAT k 1')).toMatch(/^-TRYAGAIN /);
  });
});

describe('an answer that cannot be read', () => {
  test('ends its command, and not the node', async () => {
    const ring = new MemoryRing();
    const client = new DirectClient(ring);
    ring.apply = () => ({ ok: true, value: '\xff' as Bytes });
    expect(await client.all('TTL k', 'PEXPIRETIME k', 'SET k v NX')).toEqual([
      expect.stringMatching(/^-UNKNOWNOUTCOME the answer of an operation/) as string,
      expect.stringMatching(/^-UNKNOWNOUTCOME a page of a scan/) as string,
      expect.stringMatching(/^-UNKNOWNOUTCOME the answer of an operation/) as string,
    ]);
  });
});

describe('a transaction', () => {
  test('that is too long is refused as a whole', async () => {
    const ring = new MemoryRing();
    const client = new DirectClient(ring);
    const lines = Array.from({ length: QUEUED_COMMANDS_MAX + 1 }, () => 'INCR {t}k');
    const told = await client.all('MULTI', ...lines, 'EXEC');
    expect(told.at(-2)).toMatch(/^-ERR a transaction takes 1024 commands/);
    expect(told.at(-1)).toBe('-EXECABORT Transaction discarded because of previous errors.');
    expect(ring.framesAsked).toBe(0);
  });

  test('of more operations than the ring takes does nothing', async () => {
    const ring = new MemoryRing();
    const client = new DirectClient(ring);
    const lines = Array.from({ length: 200 }, (_, index) => `SET {t}${index} v`);
    expect((await client.all('MULTI', ...lines, 'EXEC')).at(-1)).toMatch(/^-ERR .*128 are allowed/);
    expect(ring.entries.size).toBe(0);
  });
});

describe('values of many keys', () => {
  test('that are too many bytes together are refused', async () => {
    const ring = new MemoryRing();
    const client = new DirectClient(ring);
    const keys = Array.from({ length: 80 }, (_, index) => `k${index}`);
    for (const key of keys) client.send('SET', key, 'v'.repeat(1_000_000));
    await ring.settle();
    client.dispatcher.replies.take();
    expect(await client.one(`MGET ${keys.join(' ')}`)).toMatch(
      /^-ERR the values are more than \d+ bytes together/,
    );
  });
});

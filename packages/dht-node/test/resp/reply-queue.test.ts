/** Replies in the order of their commands, and never more in one piece than a write should be. */

import fc from 'fast-check';
import type { Reply } from '../../src/doors/resp/protocol/replies';
import { ReplyQueue } from '../../src/doors/resp/pipeline/reply-queue';

describe('replies', () => {
  test('leave in the order of their commands, whatever the order in which they are known', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.string()), { maxLength: 30 }), (given) => {
        const queue = new ReplyQueue();
        const places = given.map(() => queue.open());
        const order = given
          .map((_, index) => index)
          .sort((a, b) => (given[a]?.[0] ?? 0) - (given[b]?.[0] ?? 0));
        let text = '';
        for (const index of order) {
          queue.fill(places[index] as number, (given[index] as [number, string])[1] as Reply);
          text += queue.take();
        }
        expect(text).toBe(given.map(([, reply]) => reply).join(''));
        expect([queue.size, queue.waitingBytes]).toEqual([0, 0]);
      }),
    ));

  test('of very many bytes are taken a piece at a time, for no string holds all of them', () => {
    const queue = new ReplyQueue();
    const reply = 'v'.repeat(1_000_000) as Reply;
    for (let i = 0; i < 600; i++) queue.fill(queue.open(), reply);
    expect(queue.waitingBytes).toBe(600 * reply.length);
    let taken = 0;
    for (let piece = queue.take(100_000); piece !== ''; piece = queue.take(100_000)) {
      expect(piece).toHaveLength(reply.length);
      taken++;
    }
    expect(taken).toBe(600);
  });
});

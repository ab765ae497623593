import fc from 'fast-check';
import { MessageMeter, type PieceKeeper } from '@ringkeep/process/server';

/** What is kept, by the memory that it lies in. */
class Kept implements PieceKeeper {
  readonly reads = new Set<ArrayBufferLike>();
  bytes = 0;

  keep(read: ArrayBufferLike, bytes: number, first: boolean): void {
    expect(this.reads.has(read)).toBe(!first);
    this.reads.add(read);
    this.bytes += bytes;
  }

  release(reads: ReadonlySet<ArrayBufferLike>, bytes: number): void {
    for (const read of reads) expect(this.reads.delete(read)).toBe(true);
    this.bytes -= bytes;
  }
}

function framed(length: number): Buffer {
  const message = Buffer.alloc(5 + length);
  message.writeUInt32BE(length, 1);
  return message;
}

test('messages are counted however they are cut', () => {
  const messages = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 });
  fc.assert(
    fc.property(messages, cuts, fc.nat(700), (lengths, sizes, spare) => {
      const kept = new Kept();
      const meter = new MessageMeter(kept);
      const all = Buffer.concat([...lengths, spare].map(framed));
      // The last one lacks its last byte.
      const sent = all.subarray(0, all.length - 1);
      for (let at = 0, turn = 0; at < sent.length; turn++) {
        const size = sizes[turn % sizes.length] as number;
        meter.take(new Uint8Array(sent.subarray(at, at + size)));
        at += size;
      }
      expect(meter.complete).toBe(lengths.length);
      expect(meter.completeBytes).toBe(lengths.reduce((sum, length) => sum + length, 0));
      expect([meter.hasIncomplete, meter.incompleteBytes, kept.bytes]).toEqual([true, spare + 4, spare + 4]);
      meter.take(new Uint8Array(1));
      expect([meter.complete, meter.hasIncomplete, meter.incompleteBytes]).toEqual([
        lengths.length + 1,
        false,
        0,
      ]);
      expect([kept.reads.size, kept.bytes]).toEqual([0, 0]);
    }),
  );
});

test('what is kept of a message ends with its stream', () => {
  const kept = new Kept();
  const meter = new MessageMeter(kept);
  const read = new Uint8Array(64 * 1024);
  read.set([0, 0, 0, 1, 0]);
  meter.take(read.subarray(0, 6));
  meter.take(read.subarray(6, 7));
  expect([kept.reads.size, kept.bytes]).toEqual([1, 7]);
  meter.forget();
  meter.forget();
  expect([kept.reads.size, kept.bytes]).toEqual([0, 0]);
});

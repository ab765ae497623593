import { headOf, seal } from '@ringkeep/shared/operations';
import { positionBytes, ringKey, type Arc, type Bytes, type NodeId, type Position } from '@ringkeep/shared';
import { listCopy } from '../../src/core/replica/copy-listing';
import type { Entry } from '../../src/core/replica/entry-store';
import { ReplicaStore } from '../../src/core/replica/replica-store';
import { MemoryEntryStore } from '../../src/storage/memory-entry-store';

const WHOLE: Arc = { start: 0n as NodeId, end: 0n as NodeId };
const ALL = { from: '' as Bytes, to: undefined };

const entry = (key: string, version: number, value?: string): Entry => {
  const name = ringKey(positionBytes(BigInt(key.charCodeAt(0)) as Position), key as Bytes);
  return { key: name, value: value === undefined ? undefined : seal(name, version, value as Bytes) };
};

/** A whole copy with these writes, the first of them committed. */
function copyWith(ops: readonly Entry[], committed: number): ReplicaStore {
  const replicas = new ReplicaStore(new MemoryEntryStore());
  replicas.apply({ kind: 'create', range: WHOLE, complete: true });
  replicas.apply({ kind: 'prepare', start: WHOLE.start, firstSeq: 1, ops, term: 1 });
  replicas.apply({ kind: 'commit', start: WHOLE.start, seq: committed });
  return replicas;
}

test('a listing is what the copy holds if all is committed that it has prepared', () => {
  const ops = [
    entry('a', 1, 'x'),
    entry('b', 2, 'x'),
    entry('c', 3, 'x'),
    entry('b', 4),
    entry('d', 5, 'x'),
    entry('a', 6, 'y'),
  ];
  const { keys, next } = listCopy(copyWith(ops, 3), ALL);
  expect(next).toBeUndefined();
  expect(keys).toEqual(
    [ops[5], ops[2], ops[4]].map((op) => {
      const { version, checksum } = headOf((op as Entry).value!);
      return { key: op?.key, version, checksum };
    }),
  );
});

test('pages follow one another without a gap, prepared writes between two pages included', () => {
  const ops = ['a', 'c', 'e', 'g', 'b', 'f', 'h'].map((key, i) => entry(key, i + 1, 'value'));
  const replicas = copyWith(ops, 4);
  const found: string[] = [];
  let pages = 0;
  for (let from: Bytes | undefined = ALL.from; from !== undefined; pages++) {
    const page = listCopy(replicas, { from, to: undefined }, 1);
    found.push(...page.keys.map(({ key }) => key));
    from = page.next;
  }
  expect(pages).toBe(4);
  expect(found).toEqual(ops.map(({ key }) => key).sort());
});

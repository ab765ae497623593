/** Checkpoint snapshots as bytes. The storage frames and checks them; this is only what is inside. */

import type { KnownRing } from '@ringkeep/shared';
import { NOTHING_KNOWN } from '@ringkeep/shared/ring/history';
import { unknownHistory } from '@ringkeep/shared/ring/log-history';
import type { ReplicaSnapshot } from '../core/replica/records';
import { newestFormat, versioned } from './durable-format';
import { readArc, readColumns, readKnown, writeArc, writeKnown, writeOps } from './durable-parts';
import { readConflict, readHistory, writeConflict, writeHistory } from './history-codec';

/** All of a node's durable state but the entries. */
export interface Snapshot {
  readonly replicas: readonly ReplicaSnapshot[];
  readonly known: KnownRing;
}

export function encodeSnapshot({ replicas, known }: Snapshot): Uint8Array {
  const writer = newestFormat();
  writeKnown(writer, known);
  for (const replica of replicas) {
    writeArc(writer, replica.range);
    writer.byte(replica.complete ? 1 : 0);
    writer.counter(replica.liveTerm);
    writer.counter(replica.committed);
    writeOps(writer, replica.window);
    writeHistory(writer, replica.history);
    writer.counter(replica.overrules);
    writer.byte(replica.conflict ? 1 : 0);
    if (replica.conflict) writeConflict(writer, replica.conflict);
  }
  return writer.finish();
}

export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const { reader, format } = versioned(bytes);
  const known = format.hasHistories ? readKnown(reader) : NOTHING_KNOWN;
  const replicas: ReplicaSnapshot[] = [];
  while (!reader.done) {
    const range = readArc(reader);
    const complete = reader.byte() === 1;
    const liveTerm = reader.counter();
    const committed = reader.counter();
    const window = format.operations(readColumns(reader));
    const copy = { range, complete, liveTerm, committed, window };
    if (!format.hasHistories) {
      const history = unknownHistory(committed + window.length);
      replicas.push({ ...copy, history, overrules: 0, conflict: undefined });
      continue;
    }
    const history = readHistory(reader);
    const overrules = reader.counter();
    const conflict = reader.byte() === 1 ? readConflict(reader) : undefined;
    replicas.push({ ...copy, history, overrules, conflict });
  }
  return { replicas, known };
}

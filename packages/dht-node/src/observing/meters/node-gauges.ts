/** Gauges of what a node can be asked at any time. Nothing is kept for them: the node is asked when somebody looks. */

import { Instruments, type Meter } from '@ringkeep/process/meter';
import type { CoreStatus } from '../../core/node-status';
import type { NodeHost } from '../../hosting/host';

type Copy = CoreStatus['replicas'][number];

/** @returns a function that removes them */
export function addNodeGauges(meter: Meter, host: NodeHost, now: () => number): () => void {
  const of = new Instruments(meter);
  const status = statusOf(host);
  const added: (() => void)[] = [];
  const plain = (name: string, help: string, read: () => number): void => {
    added.push(of.gauge(name, [], help, () => [{ value: read(), labels: [] }]));
  };
  const byRole = (name: string, help: string, read: (copy: Copy) => number): void => {
    const roles = ['primary', 'follower'] as const;
    const levels = (): { value: number; labels: readonly [string] }[] =>
      roles.map((role) => ({ value: sum(status().replicas, role, read), labels: [role] }));
    added.push(of.gauge(name, ['role'], help, levels));
  };

  plain('ring_version', 'The newest ring that is known here.', () => status().ring.version);
  plain('ring_members', 'Members of that ring.', () => status().ring.members.length);
  plain('settled', '1 when nothing is left for this node to do.', () => Number(status().settled));
  plain('disk_takes_entries', '1 while the disk takes new entries.', () =>
    Number(status().roomLacking === undefined),
  );
  plain('registry_silent_seconds', 'Since the registry last answered.', () =>
    Math.max(0, (now() - host.core.registryAnsweredAt) / 1_000),
  );
  plain('operations_under_way', 'Operations not answered yet.', () => host.underWay.operations);
  plain('bytes_under_way', 'Bytes of their keys and values.', () => host.underWay.bytes);
  byRole('copies', 'Copies of arcs that are kept here.', () => 1);
  byRole('keys', 'Keys in them.', ({ keys }) => keys);
  byRole('stored_bytes', 'Bytes of their keys and values.', ({ bytes }) => bytes);
  added.push(
    of.gauge('table_rows', ['table'], 'Rows of the tables that the protocol keeps in memory.', () =>
      Object.entries(host.core.inspection.tableSizes()).map(([table, value]) => ({ value, labels: [table] })),
    ),
  );
  return () => {
    for (const takeBack of added) takeBack();
  };
}

/** All gauges that are read together use one status, because making one costs as much as the ring is long. */
function statusOf({ core }: NodeHost): () => CoreStatus {
  let current: CoreStatus | undefined;
  return () => {
    if (current) return current;
    current = core.inspection.status();
    queueMicrotask(() => (current = undefined));
    return current;
  };
}

function sum(copies: readonly Copy[], role: 'primary' | 'follower', read: (copy: Copy) => number): number {
  return copies.reduce(
    (total, copy) => (copy.primary === (role === 'primary') ? total + read(copy) : total),
    0,
  );
}

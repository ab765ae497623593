/** From the description of a system to its running servers. */

import { startEcho } from './echo-system';
import { startEtcd } from './etcd-system';
import { NOTHING } from './nothing-system';
import { startRedis } from './redis-system';
import { startRing, type RingSystemOptions } from './ring-system';
import type { System } from './system';

export type SystemSpec =
  | ({ readonly kind: 'ring' } & RingSystemOptions)
  | { readonly kind: 'redis'; readonly appendOnly: boolean }
  | { readonly kind: 'etcd'; readonly members: number }
  | { readonly kind: 'echo'; readonly valueBytes: number }
  | { readonly kind: 'nothing' };

/** Throws NotInstalled when its server is not on this machine. */
export async function startSystem(spec: SystemSpec, folder: string): Promise<System> {
  switch (spec.kind) {
    case 'ring':
      return startRing(folder, spec);
    case 'redis':
      return startRedis(folder, spec.appendOnly);
    case 'etcd':
      return startEtcd(folder, spec.members);
    case 'echo':
      return startEcho(spec.valueBytes);
    case 'nothing':
      return NOTHING;
  }
}

/** From the description of a target to the target. */

import type { Target, TargetSpec } from './target';

/** Loads only the library that is asked for: each would cost memory and time in every process. */
export async function openTarget(spec: TargetSpec): Promise<Target> {
  switch (spec.kind) {
    case 'ring-client':
      return (await import('./ring-client-target.js')).openRingClient(spec);
    case 'ring-query':
      return (await import('./ring-query-target.js')).openRingQuery(spec.node);
    case 'ioredis':
      return (await import('./ioredis-target.js')).openIoredis(spec);
    case 'node-redis':
      return (await import('./node-redis-target.js')).openNodeRedis(spec.port);
    case 'etcd3':
      return (await import('./etcd3-target.js')).openEtcd3(spec.hosts);
    case 'grpc-echo':
      return (await import('./echo-target.js')).openEcho(spec.port, spec.call, spec.valueBytes);
    case 'nothing':
      return (await import('./nothing-target.js')).openNothing();
  }
}

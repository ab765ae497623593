/** Where each effect of a node's core goes, except those that its host carries out by itself. */

import type { NodeEffect } from '../core/effects';
import type { WatchEffect } from '../ask/open-watches';
import type { HostPorts } from './ports';

type HostsOwn = 'append' | 'checkpoint' | 'answer' | 'recover-answer' | 'refused';
export type OutwardEffect = Exclude<NodeEffect, { kind: HostsOwn } | WatchEffect>;

export function dispatch(effect: OutwardEffect, ports: HostPorts, now: number): void {
  switch (effect.kind) {
    case 'forward':
      return ports.peers.forward(effect, Math.max(1, effect.deadlineAtMs - now));
    case 'cancel-forward':
      return ports.peers.cancel(effect.to, effect.forward);
    case 'connect':
      return ports.peers.connect(effect.to);
    case 'introduce':
      return ports.peers.introduce(effect.to, effect.as);
    case 'dial':
      return ports.peers.dial(effect.to);
    case 'call-registry':
      return ports.registry.call(effect.call, effect.request, effect.withinMs);
    case 'open-stream':
      return ports.primaries.open(effect.connection, effect.to, effect.message);
    case 'send-to-primary':
      return ports.primaries.send(effect.connection, effect.message);
    case 'close-stream':
      return ports.primaries.close(effect.connection);
    case 'send-to-follower':
      return ports.followers.send(effect.connection, effect.message);
    case 'close-follower':
      return ports.followers.close(effect.connection);
    case 'left':
      return ports.owner.left();
    case 'leave-refused':
      return ports.owner.leaveRefused(effect.text);
    case 'discard':
      return ports.owner.discarded(effect.range, effect.ops);
    case 'event':
      return ports.observer.event?.(effect.event);
  }
}

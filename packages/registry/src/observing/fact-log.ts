/** Writes what a registry core reports as log lines. */

import { formatArc, formatPosition } from '@ringkeep/shared';
import type { Logger } from '@ringkeep/process/running';
import type { RegistryFact } from '../core';
import type { RegistryObserver } from './registry-observer';

export function factLog(log: Logger): RegistryObserver {
  return { fact: (fact) => logFact(log, fact) };
}

function logFact(log: Logger, fact: RegistryFact): void {
  switch (fact.what) {
    case 'changed':
      return log.debug('arcs changed', {
        version: fact.version,
        arcs: fact.arcs.map(formatPosition).join(' '),
      });
    case 'refused':
      return log.info('refused a proposal', { by: formatPosition(fact.by), reason: fact.reason });
    case 'away':
      return log.warn('was away; every member gets a fresh lease', { forMs: Math.round(fact.forMs) });
    case 'missed':
      return log.warn(
        'an owner is not heard by most copies of its arc and is replaced; can others reach it?',
        {
          arc: formatArc(fact.arc),
          to: formatPosition(fact.to),
          id: formatPosition(fact.member.id),
          addr: fact.member.addr,
        },
      );
    case 'replaced':
      return log.warn('another process of a member has taken its place; is its data folder a copy?', {
        id: formatPosition(fact.member.id),
        addr: fact.member.addr,
        before: fact.before.addr,
        incarnation: fact.member.incarnation,
      });
    case 'foreign caller':
      return log.error('nodes of another cluster call this registry; was its data folder lost?', {
        clusterId: fact.clusterId,
      });
    case 'behind':
      return log.error('the data folder is an old copy; nothing is decided until the newest one is back', {
        evidence: fact.evidence,
      });
    case 'no room':
      return log.warn(
        fact.allows === 'no growth'
          ? 'the disk is short of room; no new nodes are taken in'
          : 'the disk has no room; nothing of the ring is changed, leases are renewed',
        { reason: fact.lacking },
      );
    case 'room again':
      return log.info('the disk has room again; the ring may change');
    default: {
      const { id, addr, incarnation } = fact.member;
      const line = fact.what === 'died' ? log.warn : log.info;
      return line(`member ${fact.what}`, { id: formatPosition(id), addr, incarnation });
    }
  }
}

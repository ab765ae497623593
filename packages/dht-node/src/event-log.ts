/** The core's facts as log lines. */

import { POSITION_BYTES, formatArc, formatPosition, type Bytes, type Proposal } from '@ringkeep/shared';
import type { Logger } from '@ringkeep/process/running';
import type { NodeEvent } from './core/effects';

export function logEvent(log: Logger, event: NodeEvent): void {
  switch (event.kind) {
    case 'joined':
      return log.info('joined the ring', { arc: formatArc(event.arc) });
    case 'ring-adopted':
      return log.debug('adopted a ring', { version: event.version });
    case 'role-taken':
      return log.debug('became primary', { arc: formatArc(event.arc), term: event.term });
    case 'role-open':
      return log.info('answers for an arc', {
        arc: formatArc(event.arc),
        term: event.term,
        afterMs: Math.round(event.afterMs),
      });
    case 'role-lost':
      return log.info('does not answer for an arc any more', { arc: formatArc(event.arc), term: event.term });
    case 'data-missing':
      return log.error('the ring takes this node for the owner of an arc that is not on its disk', {
        arc: formatArc(event.arc),
      });
    case 'following':
      return log.debug('follows', { range: formatArc(event.range), primary: formatPosition(event.primary) });
    case 'following-ended':
      return log.debug('follows no longer', { range: formatArc(event.range), reason: event.text });
    case 'live':
      return log.info('has a whole copy', {
        range: formatArc(event.range),
        keys: event.keys,
        received: event.received,
      });
    case 'erased':
      return log.info('erased a copy that is not needed any more', { range: formatArc(event.range) });
    case 'discarded':
      return log.warn(
        'discarded writes that were prepared, and not known to be committed; they are kept in a file',
        {
          range: formatArc(event.range),
          operations: event.operations,
        },
      );
    case 'old-copy':
      return log.warn('a copy is older than it should be: it is not used', {
        range: formatArc(event.range),
        node: formatPosition(event.node),
        reason: event.text,
      });
    case 'arc-stopped':
      return log.error('an arc is stopped until somebody decides', {
        arc: formatArc(event.arc),
        node: formatPosition(event.node),
        reason: event.text,
      });
    case 'arc-resumed':
      return log.warn('an arc that was stopped goes on', { arc: formatArc(event.arc) });
    case 'incomparable':
      return log.error('two logs cannot be compared any more; nothing is erased', {
        range: formatArc(event.range),
        node: formatPosition(event.node),
      });
    case 'proposed':
      return log.debug('proposed a change', describe(event.proposal));
    case 'proposal-refused':
      return log.info('a change was refused', { ...describe(event.proposal), reason: event.reason });
    case 'node-missed':
      return log.warn('a node is not where it says that it is: it is given no part of the ring', {
        id: formatPosition(event.node),
        addr: event.addr,
        answers: event.other ? 'another process' : 'nobody',
      });
    case 'node-reached':
      return log.info('a node is found at its address again', {
        id: formatPosition(event.node),
        addr: event.addr,
      });
    case 'paused':
      return log.info('held writes back while an arc changed hands', {
        arc: formatArc(event.arc),
        forMs: Math.round(event.forMs),
      });
    case 'room':
      if (event.lacking === undefined) return log.info('the disk has room again; new entries are taken');
      return log.warn('the disk has no room; new entries are refused, reads and deletes go on', {
        reason: event.lacking,
      });
    case 'registry-silent':
      return log.warn('the registry does not answer; reads and writes go on', { reason: event.text });
    case 'registry-wrong':
      return log.error(
        'the registry does not know this ring as it is; reads and writes go on, joins, leaves and fail-overs wait for the right one',
        { reason: event.text },
      );
    case 'registry-back':
      return log.info('the registry answers again');
    case 'registry-undecided':
      if (event.because === undefined) return log.info('the registry decides again');
      return log.warn('the registry changes nothing at present: joins, leaves and fail-overs wait', {
        reason: event.because,
      });
    case 'foreign-ring':
      return log.error(
        'a ring of another history was offered and is not taken over: somewhere an old copy of the registry’s data was carried on',
        { reason: event.text },
      );
    case 'damage':
      return log[event.found > 0 ? 'error' : 'info'](
        'entries on the disk were damaged; none is served, and each is mended from another copy if there is one',
        { found: event.found, mended: event.mended, left: event.left, at: hexOf(event.at) },
      );
    case 'protocol-violation':
      return log.error('a message broke the protocol', { reason: event.text });
  }
}

/** The position that a place on the ring begins with. */
function hexOf(from: Bytes): string {
  return Buffer.from(from.slice(0, POSITION_BYTES), 'latin1').toString('hex');
}

function describe(proposal: Proposal): Record<string, string | number> {
  const facts = { change: proposal.kind, start: formatPosition(proposal.start), epoch: proposal.epoch };
  return 'node' in proposal ? { ...facts, node: formatPosition(proposal.node) } : facts;
}

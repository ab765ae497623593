/** Writes the core's events as log lines: a table with one row for each. */

import { POSITION_BYTES, formatArc, formatPosition, type Bytes, type Proposal } from '@ringkeep/shared';
import { limited, type Logger } from '@ringkeep/process/running';
import type { NodeEvent } from '../core/effects';
import type { NodeObserver } from './node-observer';

type Lines = {
  readonly [Kind in NodeEvent['kind']]: (log: Logger, event: Extract<NodeEvent, { kind: Kind }>) => void;
};

const LINES: Lines = {
  joined: (log, event) => log.info('joined the ring', { arc: formatArc(event.arc) }),
  'ring-adopted': (log, event) => log.debug('adopted a ring', { version: event.version }),
  'role-taken': (log, event) => log.debug('became primary', { arc: formatArc(event.arc), term: event.term }),
  'role-open': (log, event) =>
    log.info('answers for an arc', {
      arc: formatArc(event.arc),
      term: event.term,
      afterMs: Math.round(event.afterMs),
    }),
  'role-lost': (log, event) =>
    log.info('does not answer for an arc any more', { arc: formatArc(event.arc), term: event.term }),
  'data-missing': (log, event) =>
    log.error('the ring names this node as the owner of an arc that is not on its disk', {
      arc: formatArc(event.arc),
    }),
  following: (log, event) =>
    log.debug('follows', { range: formatArc(event.range), primary: formatPosition(event.primary) }),
  'following-ended': (log, event) =>
    log.debug('stopped following', { range: formatArc(event.range), reason: event.text }),
  live: (log, event) =>
    log.info('has a whole copy', {
      range: formatArc(event.range),
      keys: event.keys,
      received: event.received,
    }),
  erased: (log, event) =>
    log.info('erased a copy that is not needed any more', { range: formatArc(event.range) }),
  discarded: (log, event) =>
    log.warn('discarded writes that were prepared but not known to be committed; they are kept in a file', {
      range: formatArc(event.range),
      operations: event.operations,
    }),
  'old-copy': (log, event) =>
    log.warn('a copy is older than it should be, and is not used', {
      range: formatArc(event.range),
      node: formatPosition(event.node),
      reason: event.text,
    }),
  'arc-stopped': (log, event) =>
    log.error('an arc is stopped until somebody decides', {
      arc: formatArc(event.arc),
      node: formatPosition(event.node),
      reason: event.text,
    }),
  'arc-resumed': (log, event) => log.warn('an arc that was stopped goes on', { arc: formatArc(event.arc) }),
  incomparable: (log, event) =>
    log.error('two logs cannot be compared any more; nothing is erased', {
      range: formatArc(event.range),
      node: formatPosition(event.node),
    }),
  proposed: (log, event) => log.debug('proposed a change', describeProposal(event.proposal)),
  'proposal-refused': (log, event) =>
    log.info('a change was refused', { ...describeProposal(event.proposal), reason: event.reason }),
  'node-missed': (log, event) =>
    log.warn('a node was not found at the address that it advertises; it is given no part of the ring', {
      id: formatPosition(event.node),
      addr: event.addr,
      answers: event.other ? 'another process' : 'nobody',
    }),
  'node-reached': (log, event) =>
    log.info('a node was found at its address again', {
      id: formatPosition(event.node),
      addr: event.addr,
    }),
  paused: (log, event) =>
    log.info('held writes back while an arc changed hands', {
      arc: formatArc(event.arc),
      forMs: Math.round(event.forMs),
    }),
  room: (log, event) => {
    if (event.lacking === undefined) return log.info('the disk has room again; new entries are taken');
    return log.warn('the disk has no room; new entries are refused, reads and deletes go on', {
      reason: event.lacking,
    });
  },
  'registry-silent': (log, event) =>
    log.warn('the registry does not answer; reads and writes go on', { reason: event.text }),
  'registry-wrong': (log, event) =>
    log.error(
      'the registry does not know this ring as it is; reads and writes go on, joins, leaves and fail-overs wait for the right one',
      { reason: event.text },
    ),
  'registry-back': (log) => log.info('the registry answers again'),
  'registry-undecided': (log, event) => {
    if (event.because === undefined) return log.info('the registry decides again');
    return log.warn('the registry changes nothing at present: joins, leaves and fail-overs wait', {
      reason: event.because,
    });
  },
  'foreign-ring': (log, event) =>
    log.error(
      'a ring of another history was offered and is not adopted: somewhere an old copy of the registry’s data is in use',
      { reason: event.text },
    ),
  damage: (log, event) =>
    log[event.found > 0 ? 'error' : 'info'](
      'entries on the disk were damaged; none is served, and each is mended from another copy if there is one',
      { found: event.found, mended: event.mended, left: event.left, at: hexOf(event.at) },
    ),
  'protocol-violation': (log, event) => log.error('a message broke the protocol', { reason: event.text }),
};

export function eventLog(log: Logger): NodeObserver {
  const violations = limited(log);
  return {
    event: (event) => {
      const line = LINES[event.kind] as (log: Logger, event: NodeEvent) => void;
      line(event.kind === 'protocol-violation' ? violations : log, event);
    },
  };
}

/** The position that a place on the ring begins with. */
function hexOf(from: Bytes): string {
  return Buffer.from(from.slice(0, POSITION_BYTES), 'latin1').toString('hex');
}

function describeProposal(proposal: Proposal): Record<string, string | number> {
  const facts = { change: proposal.kind, start: formatPosition(proposal.start), epoch: proposal.epoch };
  return 'node' in proposal ? { ...facts, node: formatPosition(proposal.node) } : facts;
}

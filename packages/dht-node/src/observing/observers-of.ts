/** All observers of a node as one: its log, its meter, what it reports about itself, and those that were passed in. */

import { observersAsOne } from '@ringkeep/process/meter';
import { limited, type Logger } from '@ringkeep/process/running';
import type { NodeOptions } from '../node-options';
import { eventLog } from './event-log';
import { nodeMeters } from './meters/node-meters';
import { NODE_FACTS, type NodeObserver } from './node-observer';

export function observersOf(
  { observers = [], meter }: Pick<NodeOptions, 'observers' | 'meter'>,
  log: Logger,
  own: NodeObserver,
): NodeObserver {
  const all = [eventLog(log), own, ...(meter ? nodeMeters(meter) : []), ...observers];
  const faults = limited(log);
  return observersAsOne(NODE_FACTS, all, (error) =>
    faults.error('an observer failed; the node goes on', { reason: error.message }),
  );
}

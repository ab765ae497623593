/** At any time at most one process would answer for a position. */

import type { Failure } from './failure';

export interface Answerer {
  readonly name: string;
  /** It would answer a read at the position in question at this moment. */
  readonly answers: boolean;
}

export function checkOneServer(position: string, answerers: readonly Answerer[]): Failure | undefined {
  const answering = answerers.filter(({ answers }) => answers).map(({ name }) => name);
  if (answering.length <= 1) return undefined;
  return { checker: 'one server', text: `${answering.join(' and ')} would both answer at ${position}` };
}

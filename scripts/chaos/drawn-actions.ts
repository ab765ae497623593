/** What a recorded client asks for next, on condition of what it has met. */

import type { HistoryCondition, Observation, Value } from '@ringkeep/checker';
import type { Random } from '@ringkeep/shared';
import type { RingAction } from './single-calls';

type Write = Exclude<RingAction, { op: 'get' }>;

/** What a client knows of a key, as far as it was told. */
export interface Met {
  readonly value: Value | undefined;
  readonly version: number | undefined;
}

export function metBy(action: RingAction, { value, previous, result, version, held }: Observation): Met {
  if (action.op === 'get') return { value, version };
  if (held === false) return { value: previous, version };
  switch (action.op) {
    case 'set':
      return { value: action.value, version };
    case 'delete':
      return { value: null, version };
    case 'add':
      return { value: result, version };
    case 'append':
      return { value: undefined, version };
  }
}

/** Every third key counts: its values are numbers. */
function isCounter(key: string): boolean {
  return Number(key.at(-1)) % 3 === 0;
}

interface Writer {
  readonly client: number;
  readonly turn: number;
}

export function draw(
  random: Random,
  key: string,
  { client, turn }: Writer,
  met: Met | undefined,
): RingAction {
  const dice = random.fraction();
  if (dice < 0.45) return { op: 'get' };
  const write: Write = dice < 0.57 ? { op: 'delete' } : drawWrite(random, key, { client, turn });
  return random.chance(0.4) ? { ...write, condition: drawCondition(random, met) } : write;
}

function drawWrite(random: Random, key: string, { client, turn }: Writer): Write {
  const counts = isCounter(key);
  const modifies = random.chance(0.4);
  if (counts && modifies) return { op: 'add', delta: `${random.below(9) - 3}` };
  const value = counts ? `${turn + 1}${String(client).padStart(4, '0')}` : `${client}.${turn} `;
  return { op: modifies ? 'append' : 'set', value };
}

/** One that holds if nobody else has written meanwhile, or one of the other two. */
function drawCondition(random: Random, met: Met | undefined): HistoryCondition {
  const conditions: HistoryCondition[] = [{ is: 'absent' }, { is: 'present' }];
  if (met?.version !== undefined) conditions.push({ is: 'version', version: met.version });
  if (typeof met?.value === 'string') conditions.push({ is: 'value', value: met.value });
  return random.pick(conditions);
}

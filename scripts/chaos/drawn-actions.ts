/** What a recorded client asks for next, on condition of what it has met; of some keys also when they are to end. */

import type { Action, HistoryCondition, Observation, Value } from '@ringkeep/checker';
import type { Random } from '@ringkeep/shared';

/** What a ring carries out on one key. */
export type RingAction = Exclude<Action, { op: 'cas' | 'transact' | 'expiry' }>;

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
    case 'expire':
    case 'persist':
      return { value: previous, version };
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

/** Keys that may end: few, since a judge has to consider at each moment whether one has. */
export const ENDING_KEYS = Array.from({ length: 12 }, (_, index) => `end ${index}`);
/** Over before everything is read at the end. */
export const TTL_MS_MAX = 3_000;

/** What is asked for, and how long its key is to live then. */
export interface Drawn {
  readonly action: RingAction;
  readonly ttlMs?: number;
}

/** The same for a key that may end. */
export function drawEnding(random: Random, key: string, writer: Writer, met: Met | undefined): Drawn {
  const ttlMs = 100 + random.below(TTL_MS_MAX - 100);
  const dice = random.fraction();
  if (dice < 0.1) return { action: { op: 'expire' }, ttlMs };
  if (dice < 0.15) return { action: { op: 'persist' } };
  const action = draw(random, key, writer, met);
  if (action.op === 'get' || action.op === 'delete' || dice < 0.4) return { action };
  // What is written is judged by how long it is to live, or by what it keeps.
  return dice < 0.9 ? { action, ttlMs } : { action: { ...action, keepsEnd: true } as RingAction };
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

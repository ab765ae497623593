/** What simulated clients ask for: operations of the whole catalogue. */

import {
  keyOf,
  positionTagOf,
  type Bytes,
  type PositionRule,
  type Random,
  type RingKey,
} from '@ringkeep/shared';
import {
  bufferOfBytes,
  bytesOfBuffer,
  CATALOGUE,
  decodeFullAnswer,
  decodeTransactionAnswer,
  encodeDelta,
  encodeExtras,
  encodeTransaction,
  isWrite,
  encodeExpiry,
  operandOf,
  OperationType,
  ringKeyOf,
  rowOf,
  transactionOf,
  VERSION_ONLY,
  type Condition,
  type EncodedOperation,
  type Extras,
  type SingleOperandName,
  type KeyOperation,
  type OperationOf,
  type OperationRow,
  type SingleOperation,
  type TimeToLive,
} from '@ringkeep/shared/operations';

export interface ClientHabits {
  readonly keys: readonly Bytes[];
  readonly positionRule: PositionRule;
  readonly thinkMs: number;
  readonly patienceMs: number;
  /** Nothing is read. */
  readonly onlyWrites: boolean;
}

/** What a client has met of a key. */
interface Met {
  readonly value: Bytes | undefined;
  /** As far as it was told. */
  readonly version: number | undefined;
}

/** What one client brings with its operations: values that no other operation keeps, and what it has met. */
export class ClientValues {
  private made = 0;
  private readonly met = new Map<RingKey, Met>();

  constructor(private readonly client: number) {}

  next(): Bytes {
    return `${this.client}.${++this.made}` as Bytes;
  }

  /** What is brought to most keys; a number is added to some of them in vain. */
  readonly texts: Record<SingleOperandName, () => Bytes> = {
    value: () => this.next(),
    delta: () => this.delta(),
    expiry: () => this.expiry(),
  };

  /** What is brought to keys whose values are numbers, which no other operation sets either. */
  readonly numbers: Record<SingleOperandName, () => Bytes> = {
    value: () => `${++this.made * CLIENTS_MAX + Number(this.client)}` as Bytes,
    delta: () => this.delta(),
    expiry: () => this.expiry(),
  };

  private expiry(): Bytes {
    return encodeExpiry({ kind: 'duration', ms: this.ttlMs(), condition: undefined });
  }

  /** Some end soon, some while all is put right, none later. */
  ttlMs(): number {
    return TTLS_MS[++this.made % TTLS_MS.length] as number;
  }

  /** A multiple of more than what any operation sets, so that no sum is a number that another operation keeps. */
  private delta(): Bytes {
    return encodeDelta(SET_NUMBERS_MAX * (BigInt(++this.made % 7) - 2n));
  }

  /** What the key was left with by the last operation of this client that was answered. */
  metOf(key: RingKey): Met | undefined {
    return this.met.get(key);
  }

  /** An operation was done. */
  answered(operation: KeyOperation, answer: Bytes | undefined): void {
    if (operation.type === OperationType.transact) return this.transacted(operation, answer);
    const { key, extras } = operation;
    if (extras === undefined) {
      this.met.set(key, { value: leftBy(operation, answer), version: undefined });
      return;
    }
    const { held, version, value } = decodeFullAnswer(bufferOfBytes(answer ?? ('' as Bytes)));
    const told = value === undefined ? undefined : bytesOfBuffer(value);
    if (held) this.met.set(key, { value: leftBy(operation, told), version });
    else this.met.set(key, { value: told, version });
  }

  private transacted(operation: OperationOf<'transact'>, answer: Bytes | undefined): void {
    const { held, version, values } = decodeTransactionAnswer(bufferOfBytes(answer ?? ('' as Bytes)));
    const transaction = transactionOf(operation);
    for (const [index, each] of (held ? transaction.then : transaction.else).entries()) {
      const full = each.extras && decodeFullAnswer(values[index] ?? new Uint8Array());
      const value = full === undefined ? values[index] : full.value;
      const told = value === undefined ? undefined : bytesOfBuffer(value);
      this.met.set(each.key, { value: leftBy(each, told), version: isWrite(each) ? version : full?.version });
    }
  }
}

/** The value that the key has after an operation that was carried out and told this. */
function leftBy(operation: SingleOperation, told: Bytes | undefined): Bytes | undefined {
  const { writes, brings, entry } = rowOf(operation.type);
  if (!writes) return told;
  // What it makes of what is there is not told by every operation.
  if (entry === 'decides') return undefined;
  return brings.includes('value') ? operandOf(operation, 'value') : undefined;
}

/** Some operation on some key. */
export function drawOperation(random: Random, habits: ClientHabits, values: ClientValues): KeyOperation {
  const { keys, positionRule, onlyWrites } = habits;
  if (random.chance(TRANSACTION_CHANCE)) return drawTransaction(random, habits, values);
  const plain = random.pick(keys);
  const key = ringKeyOf(plain, positionRule);
  const counts = isCounter(plain);
  const dice = random.fraction();
  const rows = dice < 0.45 && !onlyWrites ? READS : dice < 0.55 ? BARE_WRITES : OTHER_WRITES;
  // Where there is nothing to choose nothing is drawn.
  const row = rows.length === 1 ? (rows[0] as OperationRow) : random.pick(rows);
  // What it was that is to end is known to the checker if it is shown.
  const isOfEnd = row.code === OperationType.expire;
  const extras = isOfEnd || random.chance(EXTRAS_CHANCE) ? drawExtras(random, row, key, values) : undefined;
  return operationOf(row, key, counts ? values.numbers : values.texts, extras);
}

function operationOf(
  { code, brings }: OperationRow,
  key: RingKey,
  operands: Record<SingleOperandName, () => Bytes>,
  extras: Extras | undefined,
): SingleOperation {
  const brought = brings.map((name) => [name, operands[name as SingleOperandName]()] as const);
  const operation = { type: code, key, ...Object.fromEntries(brought) } as SingleOperation;
  return extras === undefined ? operation : { ...operation, extras };
}

/** Up to so many conditions, and so many operations in each branch. */
const CONDITIONS_MAX = 2;
const BRANCH_MAX = 3;

/** On keys of one tag, or on one key alone. */
function drawTransaction(random: Random, habits: ClientHabits, values: ClientValues): KeyOperation {
  const { keys, positionRule } = habits;
  const plain = random.pick(keys);
  const tag = positionTagOf(plain, positionRule);
  const together = keys
    .filter((key) => positionTagOf(key, positionRule) === tag)
    .map((key) => ringKeyOf(key, positionRule));
  const conditions = Array.from({ length: random.below(CONDITIONS_MAX + 1) }, () => {
    const key = random.pick(together);
    return { key: keyOf(key), condition: drawCondition(random, key, values) };
  });
  const branch = (count: number, rows: readonly OperationRow[]): EncodedOperation[] =>
    Array.from({ length: count }, () => drawWithin(random, random.pick(together), rows, values));
  const transaction = encodeTransaction({
    conditions,
    then: branch(random.between(1, BRANCH_MAX), LASTING_ROWS),
    else: branch(random.below(BRANCH_MAX), random.chance(0.5) ? READS : LASTING_ROWS),
  });
  return { type: OperationType.transact, key: ringKeyOf(plain, positionRule), transaction };
}

/** Most are told the versions of what they meet. */
function drawWithin(
  random: Random,
  key: RingKey,
  rows: readonly OperationRow[],
  values: ClientValues,
): EncodedOperation {
  const row = random.pick(rows);
  const made = operationOf(row, key, isCounter(key) ? values.numbers : values.texts, undefined);
  const ttl = row.ttl === undefined || !random.chance(0.5) ? undefined : drawTtl(random, values);
  const extras = ttl !== undefined || random.chance(0.7) ? { ...VERSION_ONLY, ttl } : undefined;
  return {
    type: made.type,
    key: keyOf(key),
    extras: extras && encodeExtras(extras),
    operands: row.brings.map((name) => operandOf(made, name)),
  };
}

/** A condition on what the client has met holds now and then, and as often does not. */
function drawExtras(random: Random, row: OperationRow, key: RingKey, values: ClientValues): Extras {
  const isOfEnd = row.code === OperationType.expire;
  const ttl = row.ttl === undefined ? undefined : drawTtl(random, values);
  if (!row.writes || random.chance(VERSION_ONLY_CHANCE))
    return { condition: undefined, showsPresent: isOfEnd, ...(ttl && { ttl }) };
  const condition = isOfEnd && random.chance(0.5) ? undefined : drawCondition(random, key, values);
  return { condition, showsPresent: isOfEnd || random.chance(0.5), ...(ttl && { ttl }) };
}

function drawTtl(random: Random, values: ClientValues): TimeToLive | undefined {
  const dice = random.fraction();
  if (dice < 0.5) return undefined;
  return dice < 0.8 ? { kind: 'duration', ms: values.ttlMs() } : { kind: dice < 0.9 ? 'keep' : 'none' };
}

function drawCondition(random: Random, key: RingKey, values: ClientValues): Condition {
  const { value, version } = values.metOf(key) ?? { value: undefined, version: undefined };
  return random.pick<Condition>([
    { kind: 'absent' },
    { kind: 'present' },
    { kind: 'value', value: value ?? values.next() },
    { kind: 'version', version: version ?? 0 },
  ]);
}

/** Every third key counts. What is appended to one may be a number, too. */
function isCounter(key: Bytes): boolean {
  return key.charCodeAt(key.length - 1) % 3 === 0;
}

/** No client has a greater number. */
const CLIENTS_MAX = 1_000;
/** Numbers that clients set are below this: each asks for less than a million operations. */
const SET_NUMBERS_MAX = 1_000_000_000n;
const EXTRAS_CHANCE = 0.3;
const TRANSACTION_CHANCE = 0.12;
const VERSION_ONLY_CHANCE = 0.2;

const TTLS_MS = [60, 150, 400, 700, 1_000, 1_500];

const NOT_SINGLE: readonly OperationRow[] = [CATALOGUE.transact, CATALOGUE.scan];
/** Changing the end of a key is as frequent as each other write that brings something, or nothing. */
const ROWS: readonly OperationRow[] = Object.values(CATALOGUE).filter((row) => !NOT_SINGLE.includes(row));
/** In a transaction nothing is told of ends. */
const LASTING_ROWS = ROWS.filter(
  ({ code }) => code !== OperationType.expire && code !== OperationType.persist,
);
const READS = ROWS.filter(({ writes }) => !writes);
const BARE_WRITES = ROWS.filter(({ writes, brings }) => writes && brings.length === 0);
const OTHER_WRITES = ROWS.filter(({ writes, brings }) => writes && brings.length > 0);

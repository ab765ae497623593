/**
 * Every operation that a ring carries out on a key, a row each. Codecs, doors, the client, the checker and the simulator
 * go by the rows, and a table over operations that lacks one does not compile. What an operation means is said in one
 * other place (evaluate.ts).
 *
 * A code is what stands for the operation on the wire and in every frame: it is never given to another one.
 */

/** What an operation may bring beside its key. */
export type OperandName = 'value' | 'expected';

export interface OperandRow {
  /** What it is called in errors. */
  readonly text: string;
  /** What it is to its entry: it is kept there, or compared with what is kept. */
  readonly role: 'kept' | 'compared';
}

export const OPERANDS: Readonly<Record<OperandName, OperandRow>> = {
  value: { text: 'value', role: 'kept' },
  expected: { text: 'expected value', role: 'compared' },
};

export interface OperationRow {
  readonly code: number;
  /** Its name in the protocol, where Put and Set are what is `set` and `exchange` everywhere else. */
  readonly wireName: string;
  readonly writes: boolean;
  /** In the order in which they travel. */
  readonly brings: readonly OperandName[];
  /**
   * What a write makes of the entry that is there: it overwrites it unseen, tells it, or depends on it. Only what depends
   * on an entry waits when that is damaged.
   */
  readonly entry: 'unseen' | 'told' | 'decides';
  /** What an answer without a value says to who asks for one operation a call; nothing where it is as good as any. */
  readonly withoutValue: string | undefined;
}

const KEY_NOT_PRESENT = 'Key not present';

export const CATALOGUE = {
  get: { code: 0, wireName: 'Get', writes: false, brings: [], entry: 'told', withoutValue: KEY_NOT_PRESENT },
  delete: {
    code: 1,
    wireName: 'Delete',
    writes: true,
    brings: [],
    entry: 'told',
    withoutValue: KEY_NOT_PRESENT,
  },
  exchange: {
    code: 2,
    wireName: 'Set',
    writes: true,
    brings: ['value'],
    entry: 'told',
    withoutValue: undefined,
  },
  set: {
    code: 3,
    wireName: 'Put',
    writes: true,
    brings: ['value'],
    entry: 'unseen',
    withoutValue: undefined,
  },
  compareAndSet: {
    code: 4,
    wireName: 'CompareAndSet',
    writes: true,
    brings: ['expected', 'value'],
    entry: 'decides',
    withoutValue: KEY_NOT_PRESENT,
  },
} as const satisfies Record<string, OperationRow>;

export type Catalogue = typeof CATALOGUE;
export type OperationName = keyof Catalogue;
export type OperationType = Catalogue[OperationName]['code'];

/** The code of each operation. */
export const OperationType = Object.fromEntries(
  Object.entries(CATALOGUE).map(([name, { code }]) => [name, code]),
) as { readonly [Name in OperationName]: Catalogue[Name]['code'] };

/** By code. */
const ROWS: readonly (OperationRow | undefined)[] = Object.values(CATALOGUE).reduce<OperationRow[]>(
  (rows, row) => {
    rows[row.code] = row;
    return rows;
  },
  [],
);

/** By code. */
const NAMES = new Map(Object.entries(CATALOGUE).map(([name, { code }]) => [code, name as OperationName]));

export function rowOf(type: OperationType): OperationRow {
  return ROWS[type] as OperationRow;
}

export function nameOf(type: OperationType): OperationName {
  return NAMES.get(type) as OperationName;
}

/** Of a number that came from outside. */
export function isOperationType(type: number): type is OperationType {
  return ROWS[type] !== undefined;
}

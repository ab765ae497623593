/**
 * Every operation that a ring carries out on a key, one row each. Codecs, doors, the client, the checker and the
 * simulator read these rows, and a table over operations that lacks one does not compile. What an operation means is
 * said in one other place (evaluate.ts).
 *
 * A code stands for its operation on the wire and in every frame, and is never given to another one. Codes are below
 * 128: the flag 128 says that an operation has extras (extras.ts).
 */

/** What an operation may bring in addition to its key. */
export type OperandName = 'value' | 'delta' | 'expiry' | 'transaction' | 'page';

/** What an operation on one entry may bring. */
export type SingleOperandName = Exclude<OperandName, 'transaction' | 'page'>;

export interface OperationRow {
  readonly code: number;
  /** Its name in the protocol, where Put and Set stand for what is `set` and `exchange` everywhere else. */
  readonly wireName: string;
  readonly writes: boolean;
  /** In the order in which they travel. */
  readonly brings: readonly OperandName[];
  /**
   * How a write depends on the existing entry: it overwrites it unseen, it returns it, or it is decided by it. Only a
   * write that is decided by its entry waits when that entry is damaged.
   */
  readonly entry: 'unseen' | 'told' | 'decides';
  /** Of a write that may bring a time to live: what is usual. A write that may not has none. */
  readonly ttl?: 'keep' | 'none';
  /**
   * The text of an answer without a value, for a caller that asks for one operation a call; undefined if no value is a
   * normal answer.
   */
  readonly withoutValue: string | undefined;
  /**
   * It is about what follows a place of the ring, and not about one key: the place travels where the key of another
   * operation does, its position included.
   */
  readonly ofPlace?: true;
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
    ttl: 'none',
    withoutValue: undefined,
  },
  set: {
    code: 3,
    wireName: 'Put',
    writes: true,
    brings: ['value'],
    entry: 'unseen',
    ttl: 'none',
    withoutValue: undefined,
  },
  add: {
    code: 4,
    wireName: 'Add',
    writes: true,
    brings: ['delta'],
    entry: 'decides',
    ttl: 'keep',
    withoutValue: undefined,
  },
  append: {
    code: 5,
    wireName: 'Append',
    writes: true,
    brings: ['value'],
    entry: 'decides',
    ttl: 'keep',
    withoutValue: undefined,
  },
  expire: {
    code: 6,
    wireName: 'Expire',
    writes: true,
    brings: ['expiry'],
    entry: 'decides',
    withoutValue: KEY_NOT_PRESENT,
  },
  persist: {
    code: 7,
    wireName: 'Persist',
    writes: true,
    brings: [],
    entry: 'decides',
    withoutValue: KEY_NOT_PRESENT,
  },
  /** Several operations on keys of one position (transaction.ts); its key is one of theirs. */
  transact: {
    code: 8,
    wireName: 'Transact',
    writes: true,
    brings: ['transaction'],
    entry: 'decides',
    withoutValue: undefined,
  },
  /** A page of what follows a place (scans/scan-query.ts). */
  scan: {
    code: 16,
    wireName: 'Scan',
    writes: false,
    brings: ['page'],
    entry: 'told',
    withoutValue: undefined,
    ofPlace: true,
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

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(CATALOGUE, name);
}

/** Whether a number that came from outside is an operation's code. */
export function isOperationType(type: number): type is OperationType {
  return ROWS[type] !== undefined;
}

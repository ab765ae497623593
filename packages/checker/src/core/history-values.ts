/** Values and conditions, as a history has them. */

/** What a key holds; `null` when it is absent. */
export type Value = string | null;

/** What must be so of a key for a write to change anything. */
export type HistoryCondition =
  | { readonly is: 'absent' }
  | { readonly is: 'present' }
  /** A number that grows with each write; 0 is that of a key without a value. */
  | { readonly is: 'version'; readonly version: number }
  | { readonly is: 'value'; readonly value: string };

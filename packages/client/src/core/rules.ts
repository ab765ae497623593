/**
 * Rules of the session that look redundant and are not. Each is a decision of one line; a simulator may put the wrong
 * version of one in its place, to prove that it would notice.
 */

export interface ClientRules {
  /** A write that a stream carried when it broke is never sent again: it may have happened. */
  isDoubtfulOnBreak(isWrite: boolean): boolean;
  /** Nor is one whose node was declared dead and replaced before it answered. */
  isDoubtfulOnReplacement(isWrite: boolean): boolean;
  /** A source of news that gives reason for complaint is left for another one. */
  reasonToLeave(complaint: string | undefined): string | undefined;
  /** A watch of changes notes a number with the changes up to it. */
  notedThrough(through: number, changes: number): number;
  /** It goes on where it was. */
  goesOnFrom(seq: number | undefined): number | undefined;
  /** A lock is renewed on condition that it is still its holder's. */
  renewedIf(id: string): string | undefined;
}

export const CLIENT_RULES: ClientRules = {
  isDoubtfulOnBreak: (isWrite) => isWrite,
  isDoubtfulOnReplacement: (isWrite) => isWrite,
  reasonToLeave: (complaint) => complaint,
  notedThrough: (through) => through,
  goesOnFrom: (seq) => seq,
  renewedIf: (id) => id,
};

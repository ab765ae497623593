/** How long a query may take: as long as its caller says, within bounds. */

/** If the caller says nothing. */
export const DEADLINE_DEFAULT_MS = 5_000;
/** A query holds memory until it is answered; nothing useful takes longer. */
export const DEADLINE_MAX_MS = 60_000;

export function deadlineMsOf(given: number): number {
  return given > 0 ? Math.min(given, DEADLINE_MAX_MS) : DEADLINE_DEFAULT_MS;
}

/** An answer on its way takes some time too: the caller of a write is to hear "outcome unknown" before it gives up. */
const ANSWER_SHARE = 0.1;
const ANSWER_MS_MAX = 100;

/** What is left of a gRPC deadline for the query itself, ms. */
export function deadlineMsOfCall(deadline: Date | number): number {
  const leftMs = (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  if (!Number.isFinite(leftMs)) return DEADLINE_DEFAULT_MS;
  return deadlineMsOf(Math.max(1, leftMs - Math.min(ANSWER_MS_MAX, leftMs * ANSWER_SHARE)));
}

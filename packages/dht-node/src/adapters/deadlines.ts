/** How long a query may take: what its caller says, within bounds. */

/** When the caller says nothing. */
export const DEADLINE_DEFAULT_MS = 5_000;
/** A query holds memory until it is answered; nothing useful takes longer. */
export const DEADLINE_MAX_MS = 60_000;

export function deadlineMsOf(given: number): number {
  return given > 0 ? Math.min(given, DEADLINE_MAX_MS) : DEADLINE_DEFAULT_MS;
}

/** What is left of a gRPC deadline, ms. */
export function deadlineMsOfCall(deadline: Date | number): number {
  const leftMs = (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  return Number.isFinite(leftMs) ? deadlineMsOf(Math.max(1, leftMs)) : DEADLINE_DEFAULT_MS;
}

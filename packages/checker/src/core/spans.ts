/**
 * A test that finds most wrong histories at once, without any search.
 *
 * A state that only one operation can make never comes back once it is left. So it holds without a break from the first
 * return among those that make or need it (by then it has been made) to the last call of one that needs it. Two states
 * cannot hold at the same time, and nothing that needs or makes another state fits in between. With values that are
 * written once this is Gibbons and Korach's test (Testing Shared Memories, 1997). Here it is only necessary, and the
 * search has the last word.
 */

import type { Timeline } from './timeline';

interface Span {
  /** The operation that makes the state; undefined for the initial one. */
  readonly maker: number | undefined;
  /** When the maker was called. */
  readonly madeAfter: number;
  /** Until then it must have been made, and from then on it holds … */
  from: number;
  /** … until then at least; −Infinity while nothing needs it. */
  to: number;
}

/** True when the spans of two states, or of a state and an operation, contradict each other. */
export function spansContradict(timeline: Timeline<unknown, unknown>): boolean {
  const spans = spansByState(timeline);
  if (spans === undefined) return false;
  const held: { state: number; from: number; to: number }[] = [];
  for (const [state, { madeAfter, from, to }] of spans) {
    if (to !== -Infinity && from < madeAfter) return true;
    if (from < to) held.push({ state, from, to });
  }
  held.sort((a, b) => a.from - b.from);
  if (held.some((span, index) => index > 0 && span.from < (held[index - 1]?.to ?? 0))) return true;

  const { operations, optional, readOnly, needs, makes } = timeline;
  return operations.some(({ callAt, returnAt }, index) => {
    if (optional[index] === 1) return false;
    let low = 0;
    let high = held.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((held[middle]?.from ?? 0) <= callAt) low = middle + 1;
      else high = middle;
    }
    const span = held[low - 1];
    if (span === undefined || returnAt > span.to) return false;
    const need = needs[index] as number;
    if (need !== -1) return need !== span.state;
    return readOnly[index] === 0 && makes[index] !== span.state;
  });
}

/** For each state that can be made once only; undefined when the traits do not tell. */
function spansByState(timeline: Timeline<unknown, unknown>): Map<number, Span> | undefined {
  const { operations, optional, readOnly, needs, makes, initialState } = timeline;
  const spans = new Map<number, Span>();
  const madeOften = new Set<number>();
  spans.set(initialState, { maker: undefined, madeAfter: -Infinity, from: -Infinity, to: -Infinity });
  for (const [index, { callAt, returnAt }] of operations.entries()) {
    if (readOnly[index] === 1) continue;
    const state = makes[index] as number;
    if (state === -1) return undefined;
    if (spans.has(state)) madeOften.add(state);
    const from = optional[index] === 1 ? Infinity : returnAt;
    spans.set(state, { maker: index, madeAfter: callAt, from, to: -Infinity });
  }
  for (const state of madeOften) spans.delete(state);
  for (const [index, { callAt, returnAt }] of operations.entries()) {
    const span = spans.get(needs[index] as number);
    if (span === undefined || optional[index] === 1 || span.maker === index) continue;
    span.from = Math.min(span.from, returnAt);
    span.to = Math.max(span.to, callAt);
  }
  return spans;
}

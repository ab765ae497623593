/** What is said and drawn of a history that fails. */

import { checkHistory, describeFailure, failurePage, type HistoryOperation, type KeyFailure } from '../src';
import { get, operation, remove, set } from './support/history-builder';

function failureOf(...history: HistoryOperation[]): KeyFailure {
  const [failure] = checkHistory(history).failures;
  if (failure === undefined) throw new Error('the history is linearizable');
  return failure;
}

test('the culprit is the first whose return breaks the history, not what comes after it', () => {
  const wrong = operation(2, get('c'), 2, 5);
  const failure = failureOf(
    operation(1, set('a'), 0, 1),
    wrong,
    operation(3, set('b'), 3, 6),
    operation(4, get('b'), 7, 8),
    operation(4, get('nonsense'), 9, 10),
  );
  expect(failure.culprit).toBe(wrong);
  expect(failure.operations).toHaveLength(3);
});

test('the orders that come closest end in the different values that were possible', () => {
  const failure = failureOf(
    operation(1, set('a'), 0, 1),
    operation(2, set('b'), 2, 9),
    operation(3, set('c'), 2, 9),
    operation(4, get('x'), 3, 4),
  );
  expect(failure.orders.map(({ value }) => value).sort()).toEqual(['a', 'b', 'c']);
  expect(failure.first).toBe(true);
});

test('the text names the key, the operation that cannot be placed and what was there instead', () => {
  const failure = failureOf(
    operation(1, set('a'), 0, 1),
    operation(2, remove('a'), 2, 3),
    operation(3, get('a'), 4, 5),
  );
  expect(describeFailure(failure)).toBe(
    [
      'key "k": no order has room for',
      '  client 3: get → "a", called at 4 ms, answered at 5 ms',
      '  in order (2): 1: set "a" · 2: delete → "a"',
      '  then the value is none',
    ].join('\n'),
  );
});

describe('the page', () => {
  const stale = failureOf(
    operation(1, set('a'), 0, 1),
    operation(2, set('b'), 2, undefined),
    operation(3, get('b'), 3, 4),
    operation(3, get('a'), 5, 6),
  );

  test('shows each operation once, the culprit in red and what is unknown dashed', () => {
    const page = failurePage([stale]);
    expect(page.match(/class="bar"/g)).toHaveLength(4);
    expect(page.match(/class="get bad"/g)).toHaveLength(1);
    expect(page.match(/class="set open"/g)).toHaveLength(1);
  });

  test('numbers the operations of each order and shows the first', () => {
    const page = failurePage([stale]);
    expect(page.match(/<g class="walk walk-0">/g)).toHaveLength(1);
    expect(page).toContain('id="failure-0-order-0" checked');
    expect(page).toContain('>3</text></g>');
  });

  test('needs nothing from elsewhere and runs nothing', () => {
    const page = failurePage([stale, stale]);
    expect(page).not.toMatch(/<script|<link|<img|https?:|url\(|@import|javascript:|\son\w+=/i);
    expect(page).toContain("default-src 'none'");
  });

  test('shows keys and values as text, whatever they hold', () => {
    const nasty = `</title><script>alert("1")</script>&'\u0000\ud800`;
    const write = { ...operation(1, set(nasty), 0, 1), key: nasty };
    const read = { ...operation(2, get(null), 2, 3), key: nasty };
    const page = failurePage([failureOf(write, read)]);
    expect(page).not.toContain('<script');
    for (const char of ['\u0000', '\ud800']) expect(page).not.toContain(char);
    expect(page).toContain('&lt;/title&gt;&lt;script&gt;');
    expect(page.match(/<title>/g)).toHaveLength(1 + 2);
  });

  test('draws the last operations only when there are many, and says so', () => {
    const many = Array.from({ length: 500 }, (_, at) => operation(at % 7, set(`v${at}`), 2 * at, 2 * at + 1));
    const page = failurePage([failureOf(...many, operation(9, get('v3'), 2000, 2001))]);
    expect(page).toContain('301 earlier operations are not drawn');
    expect(page.match(/class="bar"/g)).toHaveLength(200);
  });

  test('is the same for the same failures', () => {
    expect(failurePage([stale])).toBe(failurePage([stale]));
  });
});

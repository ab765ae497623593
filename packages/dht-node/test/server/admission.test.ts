import { Admission } from '../../src/ask/admission';

const load = (operations: number, bytes: number) => ({ operations, bytes });

test('what is under way is bounded in operations and in bytes, and room comes back', () => {
  const admission = new Admission(load(10, 100));
  expect(admission.admit(load(6, 40))).toBe(true);
  expect(admission.admit(load(5, 1))).toBe(false);
  expect(admission.admit(load(1, 61))).toBe(false);
  expect(admission.admit(load(4, 60))).toBe(true);
  admission.release(load(6, 40));
  expect(admission.admit(load(6, 40))).toBe(true);
});

test('what is larger than the bound by itself is taken when nothing else is under way', () => {
  const admission = new Admission(load(10, 100));
  expect(admission.admit(load(1, 1_000))).toBe(true);
  expect(admission.admit(load(1, 1))).toBe(false);
  admission.release(load(1, 1_000));
  expect(admission.admit(load(1, 1))).toBe(true);
});

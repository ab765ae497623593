import { DEFAULT_PARAMETERS, position } from '@ringkeep/shared';
import { Complaints } from '../../src/core/complaints';
import { ALL_RULES } from '../../src/core/rules';

test('what a renewal says of arcs that there are not is not kept, and ends what was said before', () => {
  const complaints = new Complaints(DEFAULT_PARAMETERS, ALL_RULES);
  const [member, start, nowhere] = [position(1n), position(2n), position(3n)];
  const isArc = (at: unknown): boolean => at === start;
  expect(complaints.note(member, [{ start, term: 4 }], 0, isArc)).toBe(true);
  expect(complaints.note(member, [{ start: nowhere, term: 4 }], 0, isArc)).toBe(false);
});

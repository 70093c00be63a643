import { expect, test } from 'vitest';
import { hourMs, splitAtHours, type TimeSpan } from '../../src/warehouse/hour-spans.ts';

/** As hours, so that `1.5` is half an hour behind one. */
function split(from: number, until: number, doubted: readonly number[] = []) {
  const { whole, broken } = splitAtHours({ fromMs: from * hourMs, untilMs: until * hourMs }, doubted);
  const hours = ({ fromMs, untilMs }: TimeSpan) => [fromMs / hourMs, untilMs / hourMs];
  return { whole: whole.map(hours), broken: broken.map(hours) };
}

test.each([
  {
    name: 'edges in the midst of hours',
    of: split(1.5, 4.25),
    whole: [[2, 4]],
    broken: [
      [1.5, 2],
      [4, 4.25],
    ],
  },
  { name: 'exact hours', of: split(2, 4), whole: [[2, 4]], broken: [] },
  { name: 'one hour', of: split(2, 3), whole: [[2, 3]], broken: [] },
  { name: 'within an hour', of: split(1.25, 1.5), whole: [], broken: [[1.25, 1.5]] },
  { name: 'parts of two hours, with none between', of: split(1.5, 2.5), whole: [], broken: [[1.5, 2.5]] },
  { name: 'nothing, on an hour', of: split(2, 2), whole: [], broken: [] },
  { name: 'nothing, in the midst of one', of: split(2.5, 2.5), whole: [], broken: [] },
  { name: 'an end before its beginning', of: split(4, 2), whole: [], broken: [] },
  { name: 'before the epoch', of: split(-1.5, 1), whole: [[-1, 1]], broken: [[-1.5, -1]] },
  {
    name: 'a doubted hour',
    of: split(1, 5, [3]),
    whole: [
      [1, 3],
      [4, 5],
    ],
    broken: [[3, 4]],
  },
  {
    name: 'doubted hours at both edges',
    of: split(1.5, 5.5, [2, 4]),
    whole: [[3, 4]],
    broken: [
      [1.5, 3],
      [4, 5.5],
    ],
  },
  { name: 'nothing but doubted hours', of: split(1, 3, [1, 2]), whole: [], broken: [[1, 3]] },
  { name: 'doubted hours outside', of: split(2, 3, [0, 1, 3, 4]), whole: [[2, 3]], broken: [] },
])('$name', ({ of, whole, broken }) => {
  expect(of).toEqual({ whole, broken });
});

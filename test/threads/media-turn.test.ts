import { expect, test } from 'vitest';
import { MediaTurn } from '../../src/threads/media-turn.ts';

const turnOver = () => new Promise(setImmediate);

test('a turn that brought media ends with a rest, and one that brought none does not', async () => {
  let ends = 0;
  const turn = new MediaTurn(10, () => ends++);
  turn.endLater();
  await turnOver();
  expect([ends, turn.restedMs]).toEqual([1, 0]);
  turn.restLater();
  turn.restLater();
  await turnOver();
  expect(ends).toBe(2);
  expect(turn.restedMs).toBeGreaterThanOrEqual(9);
});

test('while connections come nobody rests, for a turn accepts one of those that wait', async () => {
  const turn = new MediaTurn(10, () => {});
  for (let connections = 0; connections < 5; connections++) {
    turn.restLater();
    turn.accepted();
    await turnOver();
  }
  expect(turn.restedMs).toBe(0);
  turn.restLater();
  await turnOver();
  expect(turn.restedMs).toBeGreaterThanOrEqual(9);
});

import { expect, test } from 'vitest';
import { StreamActors } from '../../src/pipeline/stream-actors.ts';

const someone = { kind: 'token', id: 'aaaaaaaaaa', name: 'on call' } as const;

test('what happens while an order is carried out is done by who gave it; later it just happens', async () => {
  const actors = new StreamActors();
  const seen = await actors.during('st_a', someone, async () => [actors.of('st_a'), actors.of('st_b')]);
  expect(seen).toEqual([{ actor: someone }, {}]);
  expect(actors.of('st_a')).toEqual({});
});

test('an order that fails is over too, and of two at once the later one counts until it is over', async () => {
  const actors = new StreamActors();
  await expect(
    actors.during('st_a', someone, async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(actors.of('st_a')).toEqual({});
  const gate = Promise.withResolvers<void>();
  const first = actors.during('st_a', someone, () => gate.promise);
  const second = actors.during('st_a', { kind: 'local' }, () => gate.promise);
  expect(actors.of('st_a')).toEqual({ actor: { kind: 'local' } });
  gate.resolve();
  await Promise.all([first, second]);
  expect(actors.of('st_a')).toEqual({});
});

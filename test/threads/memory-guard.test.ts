import { expect, test } from 'vitest';
import { SlabPool } from '../../src/stream/slab-pool.ts';
import { FeedHub } from '../../src/threads/feed-hub.ts';
import { MemoryGuard } from '../../src/threads/memory-guard.ts';
import { Feeder } from '../delivery/feeder.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A stream with a window of a minute, a guard with a budget of 100 MiB, and memory taken by somebody. */
function rig() {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const hub = new FeedHub({ clock, onFreed: (id) => pool.slabFreed(id) });
  const pool: SlabPool = new SlabPool(hub);
  const said: string[] = [];
  const guard = new MemoryGuard(100 << 20, hub, clock, {
    warn: (_: object, sentence: string) => void said.push(sentence),
  } as never);
  guard.start();
  const feeder = new Feeder((message) => hub.apply([message]), { windowMs: 60_000 });
  const video = feeder.video();
  for (let count = 0; count < 30; count++) video.segment();
  const memory = pool.allocator();
  const taken: Uint8Array[] = [];
  const take = (mebibytes: number) => {
    while (taken.length < mebibytes) {
      const bytes = memory.allocate(1 << 20);
      hub.table.retain(bytes);
      memory.done(bytes);
      taken.push(bytes);
    }
    while (taken.length > mebibytes) hub.table.release(taken.pop()!);
    clock.advance(1000);
  };
  const listedSeconds = () => {
    video.segment();
    const [window] = hub.delivery.streamWindows;
    return window!.renditions.get('source')!.segments.length * 2;
  };
  return { guard, said, take, listedSeconds };
}

test('when memory becomes short, playlists list no more than they must, and grow again when it is ample', () => {
  const { guard, said, take, listedSeconds } = rig();
  expect(listedSeconds()).toBe(60);
  take(85);
  expect(guard.level).toBe('short');
  expect(listedSeconds()).toBe(12);
  take(70);
  expect(guard.level).toBe('short');
  take(50);
  expect(guard.level).toBe('ample');
  expect(listedSeconds()).toBe(14);
  expect(said).toHaveLength(2);
});

test('when memory is used up, that is said, and ends only when there is room', () => {
  const { guard, take } = rig();
  take(96);
  expect(guard.level).toBe('full');
  take(92);
  expect(guard.level).toBe('full');
  take(88);
  expect(guard.level).toBe('short');
});

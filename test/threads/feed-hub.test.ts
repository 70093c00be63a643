import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.ts';
import { Packager } from '../../src/packager/packager.ts';
import { SlabPool } from '../../src/stream/slab-pool.ts';
import { SlabTable } from '../../src/stream/slab-table.ts';
import { FeedHub, type FeedReader } from '../../src/threads/feed-hub.ts';
import { FeedInput } from '../../src/threads/feed-input.ts';
import { PortReader } from '../../src/threads/port-reader.ts';
import { messageFromWire, messageToWire, snapshotFromWire, snapshotToWire } from '../../src/threads/wire-feed.ts';
import { getText } from '../delivery/viewer.ts';
import { audioConfig, sourceUnits, videoConfig } from '../packager/broadcast.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

/** A delivery thread without the thread: everything that reaches it has been turned into messages and back. */
class Reader implements FeedReader {
  readonly table: SlabTable;
  readonly delivery: Delivery;
  private readonly hub: FeedHub;

  constructor(hub: FeedHub, clock: ManualClock) {
    this.hub = hub;
    this.table = new SlabTable((id) => hub.unused(this, id));
    this.delivery = new Delivery({ clock, memory: this.table });
  }

  slabOpened(id: number, buffer: SharedArrayBuffer): void {
    this.table.slabOpened(id, buffer);
  }

  slabSealed(id: number): void {
    this.table.slabSealed(id);
  }

  apply(messages: Parameters<FeedReader['apply']>[0]): void {
    for (const message of messages) {
      const wire = structuredClone(messageToWire(message, (bytes) => this.hub.table.rangeOf(bytes)));
      this.delivery.apply(messageFromWire(wire, this.table));
    }
  }

  memoryGivenUp(): void {}

  restore(snapshots: Parameters<FeedReader['restore']>[0]): void {
    for (const snapshot of snapshots) {
      const wire = structuredClone(snapshotToWire(snapshot, this.hub.table));
      this.delivery.restore(snapshotFromWire(wire, this.table));
    }
  }
}

function rig({ clock = new ManualClock(Date.UTC(2026, 0, 1)), firstSlabId = 1 } = {}) {
  const freed: number[] = [];
  const hub = new FeedHub({
    clock,
    onFreed: (id) => {
      freed.push(id);
      pool.slabFreed(id);
    },
  });
  const pool: SlabPool = new SlabPool(hub, firstSlabId);
  const packagers = new Map<string, Packager>();
  const makePackager = (streamId: string, continuity?: ConstructorParameters<typeof Packager>[0]['continuity']) => {
    const packager = new Packager({
      streamId,
      channel: streamId,
      availabilityStartMs: clock.wallMs() - 10_000,
      wishes: { segmentMs: 2000, maxGopMs: 10_000, partMs: 500, windowMs: 6000 },
      emit: (message) => hub.apply([message]),
      notice: () => {},
      memory: pool.allocator(),
      ...(continuity && { continuity }),
    });
    packagers.set(streamId, packager);
    return packager;
  };
  /** Seconds of media, from `startMs` of stream time on. */
  const play = (packager: Packager, startMs: number, seconds: number) => {
    packager.begin({ startMs, video: videoConfig, audio: audioConfig });
    for (const unit of sourceUnits({ fps: 30, gopFrames: 60, seconds })) {
      packager.accessUnit({ ...unit, dtsMs: unit.dtsMs + startMs });
    }
    clock.advance(seconds * 1000);
  };
  return { clock, hub, freed, packagers, makePackager, play, pool };
}

const lists = ['source/index.m3u8', 'audio/index.m3u8', 'index.m3u8', 'ts.m3u8'];

/** What viewers of the stream are told: all its lists and the MPD. */
function told(delivery: Delivery, streamId: string): string[] {
  const mpd = getText(delivery, `/dash/${streamId}/manifest.mpd`);
  return [...lists.map((list) => getText(delivery, `/hls/${streamId}/${list}`)), mpd];
}

test('a reader that comes late tells its viewers the same as one that was there from the beginning', () => {
  const { hub, clock, makePackager, play } = rig();
  const first = new Reader(hub, clock);
  hub.attach(first);
  const packager = makePackager('st_a');
  play(packager, 10_000, 5);
  packager.interrupt();
  play(packager, 16_000, 7);
  const late = new Reader(hub, clock);
  hub.attach(late);
  expect(told(late.delivery, 'st_a')).toEqual(told(first.delivery, 'st_a'));
  play(packager, 30_000, 5);
  expect(told(late.delivery, 'st_a')).toEqual(told(first.delivery, 'st_a'));
  expect(told(hub.delivery, 'st_a')).toEqual(told(first.delivery, 'st_a'));
});

test('the maker of a stream dies in the middle of a segment: the playlist goes on with the next number', async () => {
  const { hub, clock, makePackager, play } = rig();
  const input = new FeedInput();
  const delivery = new Delivery({ clock, memory: input.table });
  const feedFrom = (maker: FeedHub) => {
    const { port1, port2 } = new MessageChannel();
    input.from(port2, delivery);
    maker.attach(new PortReader(maker, port1));
    onTestFinished(() => port1.close());
    return port1;
  };
  const list = () => getText(delivery, '/hls/st_a/source/index.m3u8');
  const port = feedFrom(hub);
  play(makePackager('st_a'), 10_000, 7.3);
  const before = getText(hub.delivery, '/hls/st_a/source/index.m3u8');
  await until('all has arrived', () => delivery.snapshots().length > 0 && list() === before);
  port.close();
  const continuity = (await input.continuities(delivery)).get('st_a')!;
  const closed = list();
  // No segment that was listed has gone, and the open one ended with the parts it had.
  const listed = before.match(/segment-\d+\.m4s|segment-4\.[01]\.m4s/g)!;
  expect(listed.length).toBe(5);
  for (const uri of listed) expect(closed).toContain(uri);
  expect(closed).not.toContain('PRELOAD-HINT');

  const { hub: nextHub, makePackager: makeSuccessor } = rig({ clock, firstSlabId: 1000 });
  feedFrom(nextHub);
  const successor = makeSuccessor('st_a', continuity);
  successor.resume(17_600);
  play(successor, 18_000, 5);
  await until('it goes on', () => list().includes(`segment-${continuity.nextMsn + 1}.m4s`));
  const numbers = [...list().matchAll(/segment-(\d+)\.m4s/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  expect(list()).toContain('#EXT-X-DISCONTINUITY');
});

test('a slab is free when the last reader is done with it, whether it said so or died', () => {
  const { hub, clock, freed, makePackager, play } = rig();
  const readers = [new Reader(hub, clock), new Reader(hub, clock)];
  for (const reader of readers) hub.attach(reader);
  const packager = makePackager('st_a');
  play(packager, 10_000, 4);
  packager.end();
  expect(freed).toEqual([]);
  readers[0]!.delivery.removeStream('st_a');
  hub.delivery.removeStream('st_a');
  expect(freed).toEqual([]);
  hub.detach(readers[1]!);
  expect(freed.length).toBeGreaterThan(0);
});

type Step = { readonly do: 'play' | 'end' | 'attach' | 'detach'; readonly which: number; readonly seconds: number };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('play', 'play', 'play', 'end', 'attach', 'detach'),
  which: fc.integer({ min: 0, max: 2 }),
  seconds: fc.integer({ min: 1, max: 9 }),
});

test('whatever streams and readers do, no byte of a listed part is ever overwritten, and all memory comes back', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 14 }), (steps) => {
      const { hub, clock, makePackager, packagers, play, pool } = rig();
      const readers: Reader[] = [];
      const positions = new Map<string, number>();
      let count = 0;
      const names = ['st_0', 'st_1', 'st_2'];
      const current = [...names];
      for (const { do: action, which, seconds } of steps) {
        const name = current[which]!;
        if (action === 'attach' && readers.length < 3) {
          const reader = new Reader(hub, clock);
          readers.push(reader);
          hub.attach(reader);
        } else if (action === 'detach') {
          const reader = readers.pop();
          if (reader !== undefined) hub.detach(reader);
        } else if (action === 'end') {
          packagers.get(name)?.end();
          packagers.delete(name);
          current[which] = `st_${which}_${count++}`;
        } else if (action === 'play') {
          const startMs = (positions.get(name) ?? 10_000) + 100;
          play(packagers.get(name) ?? makePackager(name), startMs, seconds);
          positions.set(name, startMs + seconds * 1000);
        }
        for (const { delivery } of [hub, ...readers]) expect(damagedParts(delivery)).toEqual([]);
      }
      for (const packager of packagers.values()) packager.end();
      clock.advance(600_000);
      expect([...hub.table.openSlabs]).toEqual([]);
      pool.trim();
      pool.trim();
      expect(pool.sizeBytes).toBeLessThanOrEqual(17 << 20);
    }),
    { numRuns: 60 },
  );
});

/** Listed parts whose bytes are not the CMAF chunk they were: each begins with its own decode time. */
function damagedParts(delivery: Delivery): string[] {
  const damaged: string[] = [];
  for (const { stream, renditions } of delivery.streamWindows) {
    for (const { segments, description } of renditions.values()) {
      for (const { parts } of segments) {
        for (const { bytes, startTicks, msn, index } of parts) {
          const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
          const tfdt = at.indexOf('tfdt');
          const ticks = tfdt < 0 ? -1 : Number(at.readBigUInt64BE(tfdt + 8));
          if (ticks !== startTicks) damaged.push(`${stream.streamId} ${description.name} ${msn}.${index}`);
        }
      }
    }
  }
  return damaged;
}

import { expect, test } from 'vitest';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import type { FeedRendition } from './feeder.ts';
import { get, header, rig } from './viewer.ts';

/** A source and a rung in step, as far as `count` segments. */
function live(count: number) {
  const made = rig();
  made.feeder.plan('480p');
  const source = made.feeder.video();
  const rung = made.feeder.rung('480p');
  for (let i = 0; i < count; i++) {
    source.segment();
    rung.segment();
  }
  get(made.delivery, '/dash/st1/manifest.mpd');
  return { ...made, source, rung };
}

const segmentOf = (delivery: Delivery, protocol: string, rung: FeedRendition, msn: number) =>
  get(delivery, `/${protocol}/st1/${rung.name}/segment-${msn}.m4s`);

test('a segment that the grid promised of a rung, and its encoder did not make, is a picture that stands still', () => {
  const { delivery, source, rung } = live(3);
  source.segment();
  rung.gap(2000);
  const reply = segmentOf(delivery, 'dash', rung, 4);
  expect(reply.status).toBe(200);
  const [fragment, ...more] = readFragments(Buffer.concat(reply.body));
  expect(more).toEqual([]);
  expect(fragment).toMatchObject({ baseDecodeTimeTicks: 3 * 2 * 90_000 + firstTicks(delivery, rung) });
  expect(fragment!.samples).toMatchObject([{ durationTicks: 2 * 90_000, compositionOffsetTicks: 0, isSync: true }]);
  const before = readFragments(Buffer.concat(segmentOf(delivery, 'dash', rung, 3).body))[0]!;
  expect(Buffer.compare(fragment!.samples[0]!.data, before.samples[0]!.data)).toBe(0);
  const again = segmentOf(delivery, 'dash', rung, 4);
  expect(header(again, 'etag')).toBe(header(reply, 'etag'));
  expect(Buffer.concat(again.body)).toEqual(Buffer.concat(reply.body));
});

test('HLS lists it as a gap, and has nothing in its place', () => {
  const { delivery, source, rung } = live(3);
  source.segment();
  rung.gap(2000);
  expect(segmentOf(delivery, 'hls', rung, 4).status).toBe(404);
});

test('a segment that broke off has what there is of it', () => {
  const { delivery, source, rung } = live(3);
  source.segment();
  rung.open();
  rung.part();
  rung.break(2000);
  const reply = segmentOf(delivery, 'dash', rung, 4);
  expect(reply.status).toBe(200);
  expect(readFragments(Buffer.concat(reply.body))).toHaveLength(1);
});

test('behind a gap that all renditions have nothing was promised', () => {
  const { delivery, feeder, source, rung } = live(3);
  feeder.interrupt();
  source.gap(2000);
  rung.gap(2000);
  expect(segmentOf(delivery, 'dash', rung, 4).status).toBe(404);
});

function firstTicks(delivery: Delivery, rung: FeedRendition): number {
  return readFragments(Buffer.concat(segmentOf(delivery, 'dash', rung, 1).body))[0]!.baseDecodeTimeTicks;
}

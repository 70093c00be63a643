import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { AccessUnit, VideoConfig } from '../../src/media/track.ts';
import { KeyframeTap } from '../../src/pipeline/keyframe-tap.ts';
import { NewestPicture } from '../../src/pipeline/newest-picture.ts';
import { StillPictures } from '../../src/pipeline/still-pictures.ts';
import type { MediaSink } from '../../src/stream/media-sink.ts';
import { findFfmpeg } from '../../src/transcode/ffmpeg-lookup.ts';
import { videoConfig } from '../packager/broadcast.ts';
import { ffmpegChildren } from '../support/ffmpeg-children.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';
import { fastClip } from '../transcode/source-clips.ts';

const jpeg = (mark: number) => Uint8Array.of(0xff, 0xd8, mark, 0xff, 0xd9);
const markOf = (picture: { jpeg: Uint8Array } | undefined) => picture?.jpeg[2];

test('of a picture a keyframe, the newest one every few seconds goes on', () => {
  const clock = new ManualClock();
  const newest = new NewestPicture(clock);
  expect(newest.take()).toBeUndefined();
  newest.offer(jpeg(1));
  newest.offer(jpeg(2));
  expect(markOf(newest.take())).toBe(2);
  newest.offer(jpeg(3));
  clock.advance(2000);
  expect(newest.take()).toBeUndefined();
  newest.offer(jpeg(4));
  clock.advance(2000);
  expect(newest.take()).toMatchObject({ madeAtMs: clock.wallMs() - 2000 });
  clock.advance(10_000);
  expect(newest.take()).toBeUndefined();
});

test('what is too large to be a thumbnail goes nowhere', () => {
  const newest = new NewestPicture(new ManualClock());
  newest.offer(new Uint8Array(300_000));
  expect(newest.take()).toBeUndefined();
});

const nothing = () => {};
const sink: MediaSink = {
  isGapping: false,
  endMs: 0,
  begin: nothing,
  configure: nothing,
  accessUnit: nothing,
  markDiscontinuity: nothing,
  interrupt: nothing,
  tick: nothing,
  end: nothing,
};
const keyframe: AccessUnit = {
  kind: 'video',
  dtsMs: 0,
  compositionOffsetMs: 0,
  isSync: true,
  data: Uint8Array.of(1, 2, 3),
};

function tapped(config: VideoConfig = videoConfig) {
  const clock = new ManualClock();
  const drawn: Uint8Array[] = [];
  const room = { isThere: true };
  const stills = {
    hasRoomFor: () => room.isThere,
    draw: (_id: string, source: { keyframe: { data: Uint8Array } }) => void drawn.push(source.keyframe.data),
  };
  const tap = new KeyframeTap({ id: 'st1', next: sink, stills, clock, deliver: nothing });
  tap.begin({ startMs: 0, video: config });
  return { clock, drawn, room, tap };
}

test('a broadcast that nobody draws has a keyframe drawn every ten seconds, the first when it has begun well', () => {
  const { clock, drawn, tap } = tapped();
  const atSeconds: number[] = [];
  for (let second = 0; second <= 30; second += 2) {
    const before = drawn.length;
    tap.accessUnit(keyframe);
    tap.accessUnit({ ...keyframe, isSync: false });
    if (drawn.length > before) atSeconds.push(second);
    clock.advance(2000);
  }
  expect(atSeconds).toEqual([4, 14, 24]);
  keyframe.data[0] = 9; // the bytes were only lent
  expect(drawn[0]).toEqual(Uint8Array.of(1, 2, 3));
  keyframe.data[0] = 1;
});

test('a broadcast whose ladder draws it has nothing drawn beside', () => {
  const { clock, drawn, tap } = tapped();
  for (let second = 0; second <= 60; second += 2) {
    tap.drawn();
    tap.accessUnit(keyframe);
    clock.advance(2000);
  }
  expect(drawn).toEqual([]);
});

test('where there is no room, the next keyframe has its chance', () => {
  const { clock, drawn, room, tap } = tapped();
  clock.advance(4000);
  room.isThere = false;
  tap.accessUnit(keyframe);
  expect(drawn).toEqual([]);
  room.isThere = true;
  tap.accessUnit(keyframe);
  expect(drawn).toHaveLength(1);
});

test('pictures are drawn one at a time, in order, and take a bounded share of the time', async () => {
  const clock = new ManualClock();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const stills = new StillPictures(clock, pino({ level: 'silent' }), stopping.signal);
  const { config, units } = fastClip();
  const source = { config, keyframe: units[0]! };
  expect(stills.hasRoomFor('a')).toBe(false);
  stills.use(await findFfmpeg({ searchPath: process.env.PATH ?? '' }));
  const delivered: string[] = [];
  const draw = (id: string) => stills.draw(id, source, () => void delivered.push(id));
  const ids = ['a', 'b', 'c', 'd', 'e'];
  for (const id of ids) {
    expect(stills.hasRoomFor(id), id).toBe(true);
    draw(id);
  }
  expect(stills.hasRoomFor('b')).toBe(false); // one of its is waiting
  expect(stills.hasRoomFor('f')).toBe(false); // four are waiting
  clock.advance(500); // what the first one takes, while the clock is looked at
  await until('the first is drawn', () => delivered.length === 1);
  clock.advance(1900); // less than four times as long
  await until('nothing happens', () => new Promise<true>((resolve) => setImmediate(resolve, true)));
  expect(delivered).toEqual(['a']);
  await until('all are drawn', () => {
    // Time that passes while one is drawn makes the rest after it four times as long.
    if (ffmpegChildren(process.pid).length === 0) clock.advance(2000);
    return delivered.length === ids.length;
  });
  expect(delivered).toEqual(ids);
});

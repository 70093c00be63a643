import { expect, test } from 'vitest';
import { Feeder } from './feeder.ts';
import { parseMedia } from './strict-playlist.ts';
import { ask, get, getText, header, rig, text } from './viewer.ts';

const url = '/hls/st1/source/index.m3u8';

/** Segments 1 to 3 are complete, segment 4 has two parts. */
function live() {
  const made = rig();
  const video = made.feeder.video();
  for (let i = 0; i < 3; i++) video.segment();
  video.open();
  video.part();
  video.part();
  return { ...made, video };
}

function status(query: string): number | 'held' {
  const { delivery } = live();
  const { reply } = ask(delivery, `${url}?${query}`);
  return reply?.status ?? 'held';
}

const decisions: readonly [string, number | 'held', string][] = [
  ['_HLS_msn=3', 200, 'a segment that is complete'],
  ['_HLS_msn=1', 200, 'a stale number'],
  ['_HLS_msn=0&_HLS_part=7', 200, 'a number before the first'],
  ['_HLS_msn=2&_HLS_part=99', 200, 'a part past the end of an old segment'],
  ['_HLS_msn=4&_HLS_part=1', 200, 'a part that is listed'],
  ['_HLS_msn=3&_HLS_part=4', 200, 'a part past the last one, when the next segment has begun'],
  ['_HLS_msn=4', 'held', 'the segment being made, whole'],
  ['_HLS_msn=4&_HLS_part=2', 'held', 'the next part'],
  ['_HLS_msn=4&_HLS_part=7', 'held', 'a part within the advance part limit'],
  ['_HLS_msn=4&_HLS_part=8', 400, 'a part beyond the advance part limit'],
  ['_HLS_msn=5&_HLS_part=0', 'held', 'the first part of the next segment'],
  ['_HLS_msn=5', 'held', 'two segments ahead'],
  ['_HLS_msn=6', 400, 'three segments ahead'],
  ['_HLS_msn=5&_HLS_part=6', 400, 'a far part of the next segment'],
  ['_HLS_part=1', 400, 'a part without a segment'],
  ['_HLS_msn=x', 400, 'no number'],
  ['_HLS_msn=4&_HLS_msn=4', 400, 'a number given twice'],
];
for (const [query, expected, what] of decisions) {
  test(`asked for ${what} (${query}): ${expected}`, () => expect(status(query)).toBe(expected));
}

test('a request for a segment is held until it is complete', () => {
  const { delivery, video } = live();
  const watched = ask(delivery, `${url}?_HLS_msn=4`);
  video.part();
  video.part();
  expect(watched.reply).toBeUndefined();
  video.close();
  expect(watched.reply?.kind === 'whole' && text(watched.reply)).toContain('\nsegment-4.m4s\n');
});

test('a request for a part is held until it is listed, and answered at once', () => {
  const { delivery, video } = live();
  const watched = ask(delivery, `${url}?_HLS_msn=4&_HLS_part=2`);
  expect(watched.reply).toBeUndefined();
  video.part();
  const reply = watched.reply;
  expect(reply?.kind === 'whole' && text(reply)).toContain('URI="segment-4.2.m4s"');
  expect(header(reply!, 'cache-control')).toBe('max-age=12');
});

test('a request for a part past the last one is one for part 0 of the next segment', () => {
  const { delivery, video } = live();
  const watched = ask(delivery, `${url}?_HLS_msn=4&_HLS_part=3`);
  video.part({ isLast: true });
  video.close();
  expect(watched.reply).toBeUndefined();
  video.open();
  expect(watched.reply).toBeUndefined();
  video.part();
  expect(watched.reply?.kind === 'whole' && text(watched.reply)).toContain('segment-5.0.m4s');
});

test('blocked for more than three target durations, a request is answered 503, never to be stored', () => {
  const { delivery, clock } = live();
  const first = ask(delivery, `${url}?_HLS_msn=4`);
  clock.advance(2000);
  const second = ask(delivery, `${url}?_HLS_msn=4`);
  clock.advance(3990);
  expect(first.reply).toBeUndefined();
  clock.advance(20);
  expect(first.reply?.status).toBe(503);
  expect(header(first.reply!, 'cache-control')).toBe('no-store');
  expect(header(first.reply!, 'retry-after')).toBe('1');
  expect(second.reply).toBeUndefined();
  clock.advance(2000);
  expect(second.reply?.status).toBe(503);
  expect(delivery.stats().waiters).toBe(0);
});

test('a gap answers whoever waited for its segment or a part of it', () => {
  const { delivery, feeder, video, clock } = live();
  video.close();
  const whole = ask(delivery, `${url}?_HLS_msn=5`);
  const part = ask(delivery, `${url}?_HLS_msn=5&_HLS_part=3`);
  feeder.interrupt();
  expect(whole.reply).toBeUndefined();
  video.gap(2000);
  clock.advance(250);
  for (const { reply } of [whole, part]) expect(reply?.kind === 'whole' && text(reply)).toContain('#EXT-X-GAP');
  expect(get(delivery, `${url}?_HLS_msn=5&_HLS_part=2`).status).toBe(200);
  expect(ask(delivery, `${url}?_HLS_msn=6&_HLS_part=0`).reply).toBeUndefined();
});

test('the end answers everyone, and afterwards directives are ignored', () => {
  const { delivery, feeder, video } = live();
  const watched = ask(delivery, `${url}?_HLS_msn=5&_HLS_part=1`);
  video.close();
  feeder.end();
  expect(watched.reply?.kind === 'whole' && text(watched.reply)).toContain('#EXT-X-ENDLIST');
  for (const query of ['_HLS_msn=99', '_HLS_part=1', '_HLS_msn=junk', '_HLS_skip=YES']) {
    expect(parseMedia(getText(delivery, `${url}?${query}`)).endlist).toBe(true);
  }
});

test('after an outage many are let go over a moment; in normal operation all at once', () => {
  for (const isOutage of [false, true]) {
    const { delivery, feeder, video, clock } = live();
    video.close();
    const watched = Array.from({ length: 400 }, () => ask(delivery, `${url}?_HLS_msn=5`));
    const answered = () => watched.filter(({ reply }) => reply !== undefined).length;
    if (isOutage) {
      feeder.interrupt();
      video.gap(2000);
      expect(answered()).toBeLessThan(100);
      clock.advance(100);
      expect(answered()).toBeGreaterThan(100);
      expect(answered()).toBeLessThan(350);
      clock.advance(110);
    } else {
      video.segment();
    }
    expect(answered()).toBe(400);
  }
});

test('a viewer that leaves is forgotten, and there is a limit to how many wait, for one stream and for all', () => {
  const { delivery, feeder } = rig({}, { maxWaiters: 4 });
  feeder.video().segment();
  for (const name of ['two', 'three']) {
    const other = new Feeder((message) => delivery.apply(message), { streamId: name, channel: name });
    other.video().segment();
  }
  const first = ask(delivery, `${url}?_HLS_msn=2`);
  const second = ask(delivery, `${url}?_HLS_msn=3`);
  expect(ask(delivery, `${url}?_HLS_msn=2`).reply?.status).toBe(503);
  // Viewers of others do not suffer from it.
  for (let count = 0; count < 2; count++) {
    expect(ask(delivery, '/hls/two/source/index.m3u8?_HLS_msn=2').reply).toBeUndefined();
  }
  expect(ask(delivery, '/hls/three/source/index.m3u8?_HLS_msn=2').reply?.status).toBe(503);
  first.cancel();
  first.cancel();
  second.cancel();
  expect(delivery.stats().waiters).toBe(2);
  expect(ask(delivery, `${url}?_HLS_msn=2`).reply).toBeUndefined();
});

test('a removed stream answers everyone that it is gone', () => {
  const { delivery } = live();
  const watched = ask(delivery, `${url}?_HLS_msn=4`);
  delivery.removeStream('st1');
  expect(watched.reply?.status).toBe(404);
  expect(get(delivery, url).status).toBe(404);
});

test('a hinted part is held until it is whole, and 404 when the hint is abandoned', () => {
  const { delivery, feeder, video } = live();
  const part = ask(delivery, '/hls/st1/source/segment-4.2.m4s');
  expect(part.reply).toBeUndefined();
  expect(get(delivery, '/hls/st1/source/segment-4.3.m4s').status).toBe(404);
  expect(get(delivery, '/hls/st1/source/segment-5.0.m4s').status).toBe(404);
  const made = video.part();
  expect(part.reply?.kind === 'whole' && Buffer.concat(part.reply.body).equals(made.bytes)).toBe(true);
  const abandoned = ask(delivery, '/hls/st1/source/segment-4.3.m4s');
  video.close();
  expect(abandoned.reply?.status).toBe(404);
  const next = ask(delivery, '/hls/st1/source/segment-5.0.m4s');
  expect(next.reply).toBeUndefined();
  feeder.end();
  expect(next.reply?.status).toBe(404);
});

test('every part URI equals the hint that announced it', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  for (let i = 0; i < 12; i++) {
    const hint = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(getText(delivery, url))?.[1];
    if (i % 4 === 0) video.open();
    video.part({ isLast: i % 4 === 3 });
    expect(getText(delivery, url)).toContain(`,URI="${hint}"`);
    if (i % 4 === 3) video.close();
  }
});

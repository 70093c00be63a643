import { expect, test } from 'vitest';
import { parseMedia } from './strict-playlist.ts';
import { ask, get, header, rig, text } from './viewer.ts';

const lists = ['/hls/st1/480p/index.m3u8', '/hls/show/480p/index.m3u8', '/hls/st1/480p/ts.m3u8'];
const init = '/hls/st1/480p/init-1.mp4';

/** A source with a segment and another under way, and a rung that is planned. */
function live() {
  const made = rig();
  made.feeder.plan('480p');
  const source = made.feeder.video();
  source.segment();
  source.open();
  return { ...made, source };
}

test('the list of a planned rung is held until its first segment is complete', () => {
  for (const url of lists) {
    const { delivery, feeder, source } = live();
    const held = ask(delivery, url);
    const rung = feeder.rung('480p', source);
    rung.open();
    for (let i = 0; i < 4; i++) rung.part();
    expect(held.reply).toBeUndefined();
    rung.close();
    const list = held.reply?.kind === 'whole' ? text(held.reply) : '';
    parseMedia(list);
    expect(list).toMatch(/\n(\.\.\/\.\.\/st1\/480p\/)?segment-2\.(m4s|ts)\n/);
    expect(delivery.stats().waiters).toBe(0);
  }
});

test('gaps alone are no media: the list is held on', () => {
  const { delivery, feeder, source, clock } = live();
  const held = ask(delivery, lists[0]!);
  const rung = feeder.rung('480p', source);
  rung.gap(2000);
  clock.advance(1000);
  expect(held.reply).toBeUndefined();
  rung.segment();
  expect(held.reply?.status).toBe(200);
  // Later it may have nothing but gaps.
  for (let i = 0; i < 10; i++) rung.gap(2000);
  expect(get(delivery, lists[0]!).status).toBe(200);
});

test('after two seconds it is said that there is nothing yet, and when to ask again', () => {
  for (const url of [...lists, init]) {
    const { delivery, clock } = live();
    const held = ask(delivery, url);
    clock.advance(1990);
    expect(held.reply).toBeUndefined();
    clock.advance(20);
    const { reply } = held;
    if (reply?.kind !== 'whole') throw new Error('not answered');
    expect([reply.status, header(reply, 'retry-after'), header(reply, 'cache-control')]).toEqual([
      404,
      '1',
      'max-age=1',
    ]);
    expect(JSON.parse(text(reply))).toMatchObject({
      code: 'DELIVERY_RENDITION_NOT_READY',
      detail: 'Rendition "480p" of "st1" is not made yet, or not any more.',
    });
  }
});

test('the init segment of a planned rung is held until it is known', () => {
  for (const [id, caching] of [
    ['st1', 'public, max-age=86400, immutable'],
    ['show', 'no-store'],
  ] as const) {
    const { delivery, feeder } = live();
    const held = ask(delivery, `/hls/${id}/480p/init-1.mp4`);
    expect(held.reply).toBeUndefined();
    feeder.rung('480p');
    expect(held.reply?.kind === 'whole' && text(held.reply)).toBe('init 480p 1');
    expect(header(held.reply!, 'cache-control')).toBe(caching);
    expect(get(delivery, `/hls/${id}/480p/init-2.mp4`).status).toBe(404);
  }
});

test('a point that was asked for is waited for as in any list', () => {
  const { delivery, feeder, source, clock } = live();
  const url = lists[0]!;
  expect(get(delivery, `${url}?_HLS_part=1`).status).toBe(400);
  const [first, second, never] = ['2', '3', '4'].map((msn) => ask(delivery, `${url}?_HLS_msn=${msn}`));
  const rung = feeder.rung('480p', source);
  rung.segment();
  expect([first, second, never].map((one) => one?.reply?.status)).toEqual([200, undefined, undefined]);
  rung.segment();
  expect([second, never].map((one) => one?.reply?.status)).toEqual([200, undefined]);
  clock.advance(2010);
  expect(never?.reply?.status).toBe(503);
});

test('who waits for a rung is told at once when it will not come: planned no more, withdrawn, or the stream is over', () => {
  for (const how of ['plan', 'withdraw', 'end', 'remove'] as const) {
    const { delivery, feeder, source } = live();
    const held = [...lists.map((url) => ask(delivery, url)), ask(delivery, init)];
    if (how === 'plan') feeder.plan('360p');
    else if (how === 'end') feeder.end();
    else if (how === 'remove') delivery.removeStream('st1');
    else feeder.rung('480p', source).withdraw();
    for (const { reply } of how === 'withdraw' ? held.slice(0, 3) : held) expect(reply?.status).toBe(404);
  }
});

test('what nobody planned is not waited for', () => {
  const { delivery, feeder } = live();
  expect(get(delivery, '/hls/st1/720p/index.m3u8').status).toBe(404);
  expect(get(delivery, '/hls/st1/720p/init-1.mp4').status).toBe(404);
  expect(get(delivery, '/hls/st1/480p/segment-1.m4s').status).toBe(404);
  expect(get(delivery, '/dash/st1/480p/segment-1.m4s').status).toBe(404);
  feeder.rung('720p');
  expect(JSON.parse(text(get(delivery, '/hls/st1/720p/index.m3u8')))).toMatchObject({
    code: 'DELIVERY_STREAM_NOT_READY',
  });
});

test('requests for the same are held together, whatever a player adds to the address', () => {
  const { delivery, feeder, source } = live();
  const held = ['?CMCD=sid%3D1', '?CMCD=sid%3D2', ''].map((query) => ask(delivery, `${lists[0]}${query}`));
  feeder.rung('480p', source).segment();
  const [first, ...others] = held.map(({ reply }) => reply);
  for (const other of others) expect(other).toBe(first);
});

test('parts that are waited for are given up when their rung goes', () => {
  const { delivery, feeder, source } = live();
  const rung = feeder.rung('480p', source);
  rung.segment();
  rung.open();
  rung.part();
  const held = ask(delivery, '/hls/st1/480p/segment-3.1.m4s');
  expect(held.reply).toBeUndefined();
  rung.gone();
  expect(held.reply?.status).toBe(404);
});

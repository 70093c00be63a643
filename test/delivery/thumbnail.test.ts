import { expect, test } from 'vitest';
import type { ViewerEventBatch } from '../../src/delivery/viewer-events/event-batch.ts';
import { ViewerEventWriter } from '../../src/delivery/viewer-events/event-writer.ts';
import { get, header, rig, text } from './viewer.ts';

const madeAtMs = Date.UTC(2026, 0, 1, 12, 0, 7, 400);
const jpeg = Uint8Array.of(0xff, 0xd8, 1, 2, 3, 0xff, 0xd9);

function live() {
  const made = rig();
  made.feeder.video().segment();
  const show = (bytes = jpeg, atMs = madeAtMs) =>
    made.feeder.apply({ type: 'thumbnail', streamId: 'st1', thumbnail: { jpeg: bytes, madeAtMs: atMs } });
  return { ...made, show };
}

test('before the first picture there is a 404 that says so and is soon forgotten', () => {
  const { delivery } = live();
  const reply = get(delivery, '/thumb/show.jpg');
  expect(reply.status).toBe(404);
  expect(JSON.parse(text(reply))).toMatchObject({ code: 'DELIVERY_THUMBNAIL_NOT_FOUND' });
  expect(header(reply, 'cache-control')).toBe('max-age=1');
  expect(JSON.parse(text(get(delivery, '/thumb/other.jpg')))).toMatchObject({ code: 'DELIVERY_STREAM_NOT_FOUND' });
});

test('the newest picture is had by the stream’s id and by its channel’s name', () => {
  const { delivery, show } = live();
  show();
  for (const name of ['st1', 'show']) {
    const reply = get(delivery, `/thumb/${name}.jpg`);
    expect(Buffer.concat(reply.body)).toEqual(Buffer.from(jpeg));
    expect(reply).toMatchObject({ status: 200, class: 'thumbnail' });
    expect(header(reply, 'content-type')).toBe('image/jpeg');
    expect(header(reply, 'cache-control')).toMatch(/^public, max-age=[1-5]\b/);
    expect(header(reply, 'access-control-allow-origin')).toBe('*');
    expect(header(reply, 'last-modified')).toBe('Thu, 01 Jan 2026 12:00:07 GMT');
  }
  const head = get(delivery, '/thumb/show.jpg', { method: 'HEAD' });
  expect(head.body).toEqual([]);
  expect(header(head, 'content-length')).toBe(String(jpeg.length));

  const newer = Uint8Array.of(0xff, 0xd8, 9, 0xff, 0xd9);
  show(newer, madeAtMs + 5000);
  expect(Buffer.concat(get(delivery, '/thumb/show.jpg').body)).toEqual(Buffer.from(newer));
});

test('who has a picture already is told when it is still the newest, by tag and by date', () => {
  const { delivery, show } = live();
  show();
  const first = get(delivery, '/thumb/show.jpg');
  const ifNoneMatch = header(first, 'etag')!;
  const ifModifiedSince = header(first, 'last-modified')!;
  expect(get(delivery, '/thumb/show.jpg', { ifNoneMatch })).toMatchObject({ status: 304, body: [] });
  expect(get(delivery, '/thumb/show.jpg', { ifModifiedSince })).toMatchObject({ status: 304, body: [] });
  expect(get(delivery, '/thumb/show.jpg', { ifModifiedSince: 'yesterday' }).status).toBe(200);
  expect(get(delivery, '/thumb/show.jpg', { ifModifiedSince: 'Thu, 01 Jan 2026 12:00:06 GMT' }).status).toBe(200);
  expect(get(delivery, '/thumb/show.jpg', { ifModifiedSince, ifNoneMatch: '"another"' }).status).toBe(200);

  show(jpeg, madeAtMs + 4000);
  expect(get(delivery, '/thumb/show.jpg', { ifNoneMatch }).status).toBe(200);
  expect(get(delivery, '/thumb/show.jpg', { ifModifiedSince }).status).toBe(200);
});

test('a picture changes no playlist and counts no viewer', () => {
  const { delivery, show } = live();
  const batches: ViewerEventBatch[] = [];
  const events = new ViewerEventWriter(
    () => 0,
    (batch) => batches.push(batch),
  );
  delivery.observe(events);
  const playlist = get(delivery, '/hls/st1/source/index.m3u8');
  show();
  get(delivery, '/thumb/show.jpg', { viewer: 'somebody who looks at the front page' });
  events.flush();
  expect(get(delivery, '/hls/st1/source/index.m3u8')).toBe(playlist);
  expect(batches).toEqual([]);
});

test('the last picture stays while the broadcast is interrupted, and goes when its playlists go', () => {
  const { delivery, feeder, clock, show } = live();
  show();
  feeder.interrupt();
  clock.advance(60_000);
  expect(get(delivery, '/thumb/show.jpg').status).toBe(200);
  feeder.end();
  clock.advance(59_000);
  expect(get(delivery, '/thumb/show.jpg').status).toBe(200);
  clock.advance(2000);
  expect(get(delivery, '/hls/st1/index.m3u8').status).toBe(404);
  expect(get(delivery, '/thumb/show.jpg').status).toBe(404);
});

test('another delivery goes on with the picture', () => {
  const { delivery, show } = live();
  show();
  const other = rig().delivery;
  for (const snapshot of delivery.snapshots()) other.restore(structuredClone(snapshot));
  expect(Buffer.concat(get(other, '/thumb/st1.jpg').body)).toEqual(Buffer.from(jpeg));
  expect(header(get(other, '/thumb/st1.jpg'), 'etag')).toBe(header(get(delivery, '/thumb/st1.jpg'), 'etag'));
});

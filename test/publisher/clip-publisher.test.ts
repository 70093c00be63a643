import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { writeFlvHeader, writeFlvTag } from '../../src/media/flv/file.ts';
import { ClipPublisher, type ClipPublisherOptions } from '../../src/publisher/clip-publisher.ts';
import { type FlvClip, loadClip, readClip } from '../../src/publisher/flv-clip.ts';
import { readCommand, readData } from '../../src/rtmp/command.ts';
import { messageType } from '../../src/rtmp/message.ts';
import { until } from '../support/until.ts';
import { type ReceivedMessage, scriptedServer, welcoming } from './scripted-server.ts';

const sampleFile = join(import.meta.dirname, '../../packaging/sample/sample.flv');
const forTest = () => AbortSignal.timeout(30_000);
const publisherOf = (options: Omit<ClipPublisherOptions, 'clock'>) =>
  new ClipPublisher({ clock: systemClock, ...options });

/** Three frames 40 ms apart behind a sequence header: 120 ms. */
function shortClip(): FlvClip {
  const header = writeFlvTag({ type: 'video', timestampMs: 1000, body: Uint8Array.of(0x17, 0, 0, 0, 0, 1) });
  const frames = [0, 40, 80].map((ms) =>
    writeFlvTag({ type: 'video', timestampMs: 1000 + ms, body: Uint8Array.of(0x27, 1, 0, 0, 0, ms) }),
  );
  const end = writeFlvTag({ type: 'video', timestampMs: 1080, body: Uint8Array.of(0x17, 2, 0, 0, 0) });
  const clip = readClip(Buffer.concat([writeFlvHeader({ hasAudio: false, hasVideo: true }), header, ...frames, end]));
  if (clip === undefined) throw new Error('the clip has frames');
  return clip;
}

test('the bundled sample is a loop of exactly 8 s with a keyframe every 2 s', async () => {
  const clip = await loadClip(sampleFile);
  expect(clip.durationMs).toBe(8000);
  const video = clip.tags.filter((tag) => tag.type === 'video' && tag.isFrame);
  expect(video).toHaveLength(240);
  expect(clip.tags.filter((tag) => tag.type === 'audio' && tag.isFrame)).toHaveLength(375);
  expect(video.filter((tag) => tag.body[0] === 0x17).map((tag) => tag.offsetMs)).toEqual([0, 2000, 4000, 6000]);
});

test('a clip is sent in real time', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const stats = await publisherOf({ url, clip: await loadClip(sampleFile), maxMediaMs: 1500 }).run(forTest());
  expect(stats).toMatchObject({ isLive: false, videoFrames: 45, mediaMs: 1500, reconnects: 0 });

  const media = connections[0]?.media() ?? [];
  // Its clock runs from when it may publish, which it hears after this.
  const isPublish = (message: ReceivedMessage) =>
    message.typeId === messageType.amf0Command && readCommand(message).name === 'publish';
  const allowedMs = connections[0]!.received.find(isPublish)!.atMs;
  const latenessMs = media.map(({ atMs, timestampMs }) => atMs - allowedMs - timestampMs);
  expect(Math.min(...latenessMs)).toBeGreaterThan(-2); // never ahead, but for rounding
  expect(Math.max(...latenessMs)).toBeLessThan(1000);
  expect(connections[0]?.commands.at(-1)?.name).toBe('deleteStream');
});

test('metadata is sent the way publishers send it', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  await publisherOf({ url, clip: await loadClip(sampleFile), maxMediaMs: 50 }).run(forTest());
  const message = connections[0]?.received.find(({ typeId }) => typeId === messageType.amf0Data);
  expect(message && readData(message)).toEqual([
    '@setDataFrame',
    'onMetaData',
    expect.objectContaining({ width: 1280, height: 720 }),
  ]);
});

test('a loop goes on with the next timestamp, sends its sequence header again and never says that it ends', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  await publisherOf({ url, clip: shortClip(), loop: true, maxMediaMs: 300, startTimestampMs: 5000 }).run(forTest());
  const sent = connections[0]
    ?.media()
    .map(({ timestampMs, payload }) => [timestampMs, payload[1] === 0 ? 'header' : 'frame']);
  expect(sent).toEqual([
    [5000, 'header'],
    [5000, 'frame'],
    [5040, 'frame'],
    [5080, 'frame'],
    [5120, 'header'],
    [5120, 'frame'],
    [5160, 'frame'],
    [5200, 'frame'],
    [5240, 'header'],
    [5240, 'frame'],
    [5280, 'frame'],
  ]);
});

test('a track that ends after the loop goes on among the first frames of the next round', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const tags = [
    { type: 'video', timestampMs: 0, body: Uint8Array.of(0x17, 1, 0, 0, 0, 0) },
    { type: 'video', timestampMs: 40, body: Uint8Array.of(0x27, 1, 0, 0, 0, 1) },
    { type: 'audio', timestampMs: 55, body: Uint8Array.of(0xaf, 1, 0) },
    { type: 'audio', timestampMs: 95, body: Uint8Array.of(0xaf, 1, 1) },
  ] as const;
  const clip = readClip(Buffer.concat([writeFlvHeader({ hasAudio: true, hasVideo: true }), ...tags.map(writeFlvTag)]));
  expect(clip?.durationMs).toBe(80);
  await publisherOf({ url, clip: clip as FlvClip, loop: true, maxMediaMs: 200 }).run(forTest());
  expect(connections[0]?.media().map(({ timestampMs }) => timestampMs)).toEqual([
    0, 40, 55, 80, 95, 120, 135, 160, 175,
  ]);
});

test('an abort ends the broadcast with a goodbye', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const abort = new AbortController();
  const running = publisherOf({ url, clip: shortClip(), loop: true }).run(abort.signal);
  await until('frames arrive', () => (connections[0]?.media().length ?? 0) > 3);
  abort.abort();
  expect((await running).videoFrames).toBeGreaterThan(2);
  expect(connections[0]?.commands.map(({ name }) => name).slice(-2)).toEqual(['FCUnpublish', 'deleteStream']);
});

test('a lost connection is an error, unless it shall come back: then it begins anew', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const cut = async (number: number) => {
    await until('frames arrive', () => (connections[number]?.media().length ?? 0) > 3);
    connections[number]?.socket.resetAndDestroy();
  };
  const once = publisherOf({ url, clip: shortClip(), loop: true }).run(forTest());
  await cut(0);
  await expect(once).rejects.toMatchObject({ code: 'PUBLISH_LOST', exitCode: 5 });

  const abort = new AbortController();
  const again = publisherOf({ url, clip: shortClip(), loop: true, reconnect: true }).run(abort.signal);
  await cut(1);
  await until('it comes back', () => (connections[2]?.media().length ?? 0) > 1);
  abort.abort();
  expect(await again).toMatchObject({ reconnects: 1 });
  expect(connections[2]?.media()[0]).toMatchObject({ timestampMs: 0 });
});

test('a refusal is final even when it shall come back', async () => {
  const { url, connections } = await scriptedServer((command, connection) => {
    if (command.name === 'publish') connection.status('error', 'NetStream.Publish.BadName');
    else welcoming(command, connection);
  });
  await expect(publisherOf({ url, clip: shortClip(), reconnect: true }).run(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_REFUSED',
  });
  expect(connections).toHaveLength(1);
});

test('files that cannot be sent are named', async () => {
  await expect(loadClip('/nowhere/a.flv')).rejects.toMatchObject({
    code: 'PUBLISH_FILE_UNREADABLE',
    details: { path: '/nowhere/a.flv', reason: 'ENOENT' },
  });
  await expect(loadClip(import.meta.filename)).rejects.toMatchObject({ code: 'MEDIA_MALFORMED' });
  expect(readClip(writeFlvHeader({ hasAudio: true, hasVideo: true }))).toBeUndefined();
});

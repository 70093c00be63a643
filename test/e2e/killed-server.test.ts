import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { listPlaylist } from '../../src/load/media-playlist.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const resumeWithinMs = 10_000;

test('a server that is killed in the middle of a broadcast goes on with it: the same playlists, later numbers, behind a discontinuity', async () => {
  const server = await TestServer.start();
  onTestFinished(() => server.dispose());
  const { publisher, stop } = await publishSample(server.rtmpUrl, 'show');
  onTestFinished(stop);
  await server.isOnAir('show');
  const playlistUrl = server.playback('show').hls.replace('index.m3u8', 'source/index.m3u8');
  const look = async () => {
    const text = await (await fetch(playlistUrl)).text();
    const { segments } = listPlaylist(text);
    const removed = Number(/^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m.exec(text)?.[1] ?? 0);
    const listed = text.match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0;
    return { segments, discontinuities: removed + listed, streamId: /st_[a-z0-9]+/.exec(text)?.[0] };
  };
  const before = await until('two segments are there', async () => {
    const seen = await look();
    return seen.segments.length >= 2 && seen;
  });

  await server.crash();
  const killedAtMs = performance.now();
  await server.launch();
  const after = await until('there is new media', async () => {
    const seen = await look().catch(() => undefined);
    return (seen?.segments.length ?? 0) > 0 && seen;
  });
  expect(performance.now() - killedAtMs).toBeLessThan(resumeWithinMs);
  expect(after.streamId).toBe(before.streamId);
  expect(after.segments[0]!.msn).toBeGreaterThan(before.segments.at(-1)!.msn);
  expect(after.discontinuities).toBeGreaterThan(before.discontinuities);
  const media = await fetch(new URL(after.segments[0]!.uri, playlistUrl));
  expect([media.status, (await media.bytes()).length > 1000]).toEqual([200, true]);
  expect(publisher.stats().isLive).toBe(true);

  await server.stop();
  const database = new Database(join(server.dataFolder, 'streamctl.db'), { readonly: true });
  onTestFinished(() => void database.close());
  expect(database.pragma('quick_check', { simple: true })).toBe('ok');
});

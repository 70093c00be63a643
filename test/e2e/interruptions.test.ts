import { afterEach, beforeEach, expect, test } from 'vitest';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { makeLiveClip } from '../support/clips.ts';
import { type BrowserPlay, BrowserPlayers, type Engine } from '../support/players/browser-players.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const channel = 'interrupted';
const absenceSeconds = 25;

let server: TestServer;
let browsers: BrowserPlayers;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let watch: StreamWatch | undefined;
let publisher: Publisher | undefined;
const plays = new Map<Engine, BrowserPlay>();

beforeEach(async () => {
  server = await TestServer.start();
  folder = await temporaryFolder('interruptions');
  browsers = await BrowserPlayers.launch();
});

afterEach(async () => {
  await publisher?.kill();
  await watch?.stop();
  await browsers?.close();
  await server?.dispose();
  await folder?.remove();
});

/** The publisher before loses its connection, and another comes. */
async function publish(clip: string): Promise<void> {
  await publisher?.kill();
  publisher = publishClip({ url: server.rtmpUrl, key: channel }, clip);
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** Every player has gone on: each moves, none was given new media, none failed. */
async function allPlayOn(what: string, height: number): Promise<void> {
  for (const [engine, play] of plays) {
    const before = (await play.report()).playedSeconds;
    await until(
      `${engine} plays on after ${what}`,
      async () => {
        const report = await play.report();
        return report.playedSeconds > before + 2 && report.height === height;
      },
      30_000,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await play.report())}\n${server.log}`);
    });
    const { errors, reloads, outsideRequests } = await play.report();
    expect({ engine, errors, reloads, outsideRequests }).toEqual({
      engine,
      errors: [],
      reloads: 0,
      outsideRequests: [],
    });
  }
}

// Three programs of others have to keep up on a shared machine: one of them may once fail to, not twice.
test('players and a strict outsider go through reconnects, another resolution and an absence of 25 s', {
  retry: 1,
  timeout: 240_000,
}, async () => {
  const wide = await makeLiveClip(folder.path, { keyframeSeconds: 1 }, 60);
  const small = await makeLiveClip(folder.path, { keyframeSeconds: 1, width: 426, height: 240, videoKbps: 500 }, 60);
  await publish(wide);
  await server.isOnAir(channel);
  const { hls, ts, dash } = server.playback(channel);
  watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
  const { renditions } = watch;
  await watch.start();
  // Chromium's own player gives up on a playlist of fewer than three segments (DEMUXER_ERROR_COULD_NOT_PARSE).
  await until('three segments are listed', async () => {
    const playlist = await (await fetch(hls.replace('index.m3u8', 'source/index.m3u8'))).text();
    return (playlist.match(/#EXTINF/g) ?? []).length >= 3;
  });
  for (const engine of ['hls.js', 'shaka', 'native'] as const) plays.set(engine, await browsers.start(engine, hls));
  await allPlayOn('the start', 360);

  await publish(wide);
  await allPlayOn('a reconnect with the same resolution', 360);

  await publish(small);
  await allPlayOn('a reconnect with another resolution', 240);

  await publisher?.kill();
  await seconds(absenceSeconds);
  await publish(small);
  await allPlayOn('an absence of 25 s', 240);

  await watch.probe();
  await publisher?.stop();
  await until('the playlist ends', async () => [...renditions.values()].every(({ latest }) => latest?.isEnded));
  const report = await watch.stop();
  expect(report.findings, server.log).toEqual([]);
});

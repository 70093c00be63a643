import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { makeLiveClip } from '../support/clips.ts';
import { BrowserPlayers, type Engine } from '../support/players/browser-players.ts';
import {
  type ProgramPlayReport,
  playWithFfmpeg,
  playWithMpv,
  playWithVlc,
} from '../support/players/program-players.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const playSeconds = 20;
const channel = 'players';

let server: TestServer;
let publisher: Publisher;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let browsers: BrowserPlayers;
let watch: StreamWatch;

beforeAll(async () => {
  server = await TestServer.start();
  folder = await temporaryFolder('players');
  publisher = publishClip({ url: server.rtmpUrl, key: channel }, await makeLiveClip(folder.path, {}, 210));
  await server.isOnAir(channel);
  browsers = await BrowserPlayers.launch();
  const { hls, ts, dash } = server.playback(channel);
  watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
  await watch.start();
});

afterAll(async () => {
  await publisher?.stop();
  await browsers?.close();
  await server?.dispose();
  await folder?.remove();
});

interface BrowserCase {
  readonly name: string;
  readonly engine: Engine;
  readonly url: 'hls' | 'ts' | 'dash';
  readonly latencySeconds?: number;
}

/** Programs of others on a shared machine: one of them may once fail to keep up, not twice. */
const oncePerhaps = { retry: 1, timeout: 120_000 };

/** At the same time what two cores can draw and decode: more would measure the machine. */
const browserGroups: readonly (readonly BrowserCase[])[] = [
  [
    { name: 'hls.js with low latency', engine: 'hls.js', url: 'hls', latencySeconds: 3.5 },
    { name: 'shaka with HLS', engine: 'shaka', url: 'hls' },
  ],
  [
    { name: 'shaka with DASH', engine: 'shaka', url: 'dash' },
    { name: 'dash.js', engine: 'dash.js', url: 'dash', latencySeconds: 5 },
  ],
  [
    { name: 'Chromium’s own HLS with fMP4', engine: 'native', url: 'hls' },
    { name: 'Chromium’s own HLS with MPEG-TS', engine: 'native', url: 'ts' },
  ],
];

const programs: readonly { name: string; play: (url: string, seconds: number) => Promise<ProgramPlayReport> }[] = [
  { name: 'mpv', play: playWithMpv },
  { name: 'VLC', play: playWithVlc },
  { name: 'ffmpeg', play: playWithFfmpeg },
];

describe.each(browserGroups)('browsers', (...group) => {
  test.concurrent.each(group)(
    '$name plays 20 s without a stall',
    oncePerhaps,
    async ({ engine, url, latencySeconds }) => {
      const report = await browsers.play(engine, server.playback(channel)[url], playSeconds);
      expect(report).toMatchObject({
        errors: [],
        failedRequests: [],
        stalls: 0,
        skips: 0,
        reloads: 0,
        outsideRequests: [],
        width: 640,
        height: 360,
      });
      expect(report.startupMs).toBeLessThan(3000);
      expect(report.playedSeconds).toBeGreaterThan(playSeconds * 0.95);
      expect(report.droppedFrames / report.totalFrames).toBeLessThan(0.05);
      if (latencySeconds !== undefined) expect(report.latencySeconds).toBeLessThan(latencySeconds);
    },
  );
});

describe('programs', () => {
  test.concurrent.each(programs)('$name plays 20 s without a stall', oncePerhaps, async ({ play }) => {
    const report = await play(server.playback(channel).hls, playSeconds);
    expect(report).toMatchObject({ errors: [], stalls: 0 });
    expect(report.startupMs).toBeLessThan(6000);
    expect(report.playedSeconds).toBeGreaterThan(playSeconds * 0.95);
    expect(report.frames).toBeGreaterThan(playSeconds * 30 * 0.9);
    expect(report.droppedFrames / report.frames).toBeLessThan(0.05);
  });
});

test('a strict outsider who watches all the while finds nothing', async () => {
  await watch.probe();
  const report = await watch.stop();
  expect(report.findings, server.log).toEqual([]);
  expect(report.playlistVersions).toBeGreaterThan(60);
  expect(report.segments).toBeGreaterThan(20);
});

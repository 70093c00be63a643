import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/child.ts';
import { makeLiveClip } from '../support/clips.ts';
import { downloadRendition, hasEnded } from '../support/download.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const clipSeconds = 14;
const keyframeSeconds = 250 / 30;
const frameMs = 1000 / 30;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** As OBS sends it unless it is told otherwise: a keyframe every 250 frames. */
let file: string;

beforeAll(async () => {
  folder = await temporaryFolder('long-gop');
  file = await makeLiveClip(
    folder.path,
    { width: 1280, height: 720, fps: 30, videoKbps: 2500, keyframeSeconds },
    clipSeconds,
  );
});

afterAll(() => folder?.remove());

/** Presentation times of all frames of a rendition, ms, and which are keyframes. */
async function framesOf(playlistUrl: string, name: string): Promise<{ ms: number; isKey: boolean }[]> {
  const rendition = join(folder.path, `${name}.mp4`);
  await writeFile(rendition, (await downloadRendition(playlistUrl)).bytes);
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', rendition],
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(','))
    .map(([time, flags]) => ({ ms: Number(time) * 1000, isKey: flags!.includes('K') }));
}

/** The ffmpeg that makes the rungs; the server runs others for a moment. */
async function encoderPid(server: TestServer): Promise<number | undefined> {
  const { stdout } = await run('pgrep', ['-P', String(server.processId)]);
  for (const pid of stdout.trim().split('\n')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (command.includes('pipe:3')) return Number(pid);
  }
  return undefined;
}

test.concurrent('a source with keyframes too far apart is replaced by a rung on a grid, which outlives its encoder without a frame lost', async () => {
  const server = await TestServer.start({ env: { STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_HLS_WINDOW: '60s' } });
  try {
    await until('nothing else is encoded', () => server.log.includes('what transcoding costs here'), 60_000);
    const { hls } = server.playback('show');
    const publisher = publishClip({ url: server.rtmpUrl, key: 'show' }, file);
    await until('it is published', () => server.log.includes('stream started'));
    const startedMs = performance.now();
    const first = await until('it is listed', async () => {
      const answer = await fetch(hls);
      return answer.ok && (await answer.text());
    });
    // Not one of its own keyframes later.
    expect(performance.now() - startedMs).toBeLessThan(keyframeSeconds * 1000);
    const names = [...first.matchAll(/\/(\w+)\/index\.m3u8$/gm)].map(([, name]) => name!);
    expect(names).toEqual(['720p', '480p', '360p']);
    const playlistUrl = (name: string) => new URL(`${name}/index.m3u8`, hls).href;

    process.kill(await until('its encoder runs', () => encoderPid(server)), 'SIGKILL');
    await until('frames come again', () => server.log.includes('transcoding: recovered'));
    const { exitCode, output } = await publisher.ended;
    expect(exitCode, output).toBe(0);
    await until('all playlists end', () => hasEnded(hls));

    const frames = await Promise.all(names.map((name) => framesOf(playlistUrl(name), name)));
    for (const [index, name] of names.entries()) {
      const text = await (await fetch(playlistUrl(name))).text();
      expect(text).toContain('#EXT-X-TARGETDURATION:2\n');
      expect(text).not.toMatch(/EXT-X-GAP|EXT-X-DISCONTINUITY\n/);
      const seconds = [...text.matchAll(/#EXTINF:([\d.]+),/g)].map(([, value]) => Number(value));
      expect(seconds.length).toBeGreaterThanOrEqual(clipSeconds / 2 - 1);
      const own = frames[index]!;
      const beginsMs = seconds.map((_, at) => own[0]!.ms + at * 2000);
      const keysMs = own.filter(({ isKey }) => isKey).map(({ ms }) => ms);
      for (const ms of beginsMs) expect(keysMs.some((key) => Math.abs(key - ms) < 1)).toBe(true);
      for (const value of seconds.slice(0, -1)) expect(value).toBeCloseTo(2, 3);
      expect(Math.abs(own[0]!.ms - frames[0]![0]!.ms)).toBeLessThan(1);
      for (const [at, { ms }] of own.entries()) expect(Math.abs(ms - own[0]!.ms - at * frameMs)).toBeLessThan(2);
    }
    expect(server.log).toContain('720p, made here, in place of the source');
  } finally {
    await server.dispose();
  }
});

test.concurrent('without a ladder such a source is offered as it is, with the longest target duration and a warning', async () => {
  const server = await TestServer.start();
  const publisher = publishClip({ url: server.rtmpUrl, key: 'show' }, file);
  try {
    await server.isOnAir('show');
    const playlistUrl = new URL('source/index.m3u8', server.playback('show').hls).href;
    const text = await until('it has been listed from one keyframe to the next', async () => {
      const playlist = await (await fetch(playlistUrl)).text();
      return /#EXTINF:8\.3/.test(playlist) && playlist;
    });
    expect(text).toContain('#EXT-X-TARGETDURATION:10\n');
    await until('the operator is told', () => server.log.includes('Keyframes come only every 8.3 s'));
  } finally {
    await publisher.kill();
    await server.dispose();
  }
});

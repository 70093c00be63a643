import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { makeFlv } from '../media/clips.ts';
import { readClip } from '../media/flv-clip.ts';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { run } from '../support/child.ts';
import { enhancedFlv } from '../support/enhanced-flv.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('tracks');
  const rungs = '[{ name: 96p, height: 96, video_bitrate: 60k }]';
  server = await TestServer.start({ env: { STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_LADDER_RUNGS: rungs } });
  await until('nothing is measured any more', () => server.log.includes('what transcoding costs here'));
});

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

const clip = readClip(makeFlv({ seconds: 7, gopFrames: 60 }));
const video = { config: clip.video!.config, units: clip.video!.frames.map(asUnit('video')) };
const audio = { config: clip.audio!.config, units: clip.audio!.frames.map(asUnit('audio')) };
const videoCodec = /^avc1\.[0-9a-f]{6}$/;
const bothCodecs = /^avc1\.[0-9a-f]{6},mp4a\.40\.2$/;

function asUnit(kind: AccessUnit['kind']) {
  return (frame: Omit<AccessUnit, 'kind'>): AccessUnit => ({ kind, ...frame });
}

/** What of a track lies between two moments. */
function during<Track extends { readonly units: readonly AccessUnit[] }>(
  track: Track,
  fromMs: number,
  toMs: number,
): Track {
  return { ...track, units: track.units.filter(({ dtsMs }) => dtsMs >= fromMs && dtsMs < toMs) };
}

/** A broadcast from its first multivariant answer to its end, with a strict outsider watching. */
async function broadcast(channel: string, tracks: Parameters<typeof enhancedFlv>[0]) {
  const { hls, dash } = server.playback(channel);
  const file = join(folder.path, `${channel}.flv`);
  await writeFile(file, enhancedFlv(tracks));
  const publishing = run(process.execPath, [main, 'publish', file, `${server.rtmpUrl}/${channel}`]);
  const first = await until('it is listed', async () => {
    const answer = await fetch(hls);
    return answer.ok && (await answer.text());
  });
  const watch = new StreamWatch({ playlistUrls: [hls], mpdUrl: dash });
  await watch.start();
  const { code, stderr } = await publishing;
  expect(code, stderr).toBe(0);
  await until('its playlists end', () => [...watch.renditions.values()].every(({ latest }) => latest?.isEnded));
  const last = await (await fetch(hls)).text();
  const { findings } = await watch.stop();
  const lengths = [...watch.renditions.values()].map(({ name, listed }) => ({
    name,
    newestMsn: Math.max(...listed.keys()),
  }));
  return { first: variantsOf(first), last: variantsOf(last), findings, lengths };
}

function variantsOf(multivariant: string) {
  return [...multivariant.matchAll(/#EXT-X-STREAM-INF:.*CODECS="([^"]+)".*\n.*\/(\w+)\/index\.m3u8/g)].map(
    ([, codecs, name]) => ({ name, codecs }),
  );
}

/** Sound or picture that has stopped could still go on: one part of the sound comes when it is known, a second later, that it does not. */
function withoutPatience(findings: Awaited<ReturnType<typeof broadcast>>['findings']) {
  return findings.filter(
    ({ rule, where, count }) => !(rule === 'LL-05' && where === 'audio/index.m3u8' && count === 1),
  );
}

function processesOf(parent: number): string[] {
  const lines = execFileSync('ps', ['-eo', 'ppid=,comm='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([ppid, name = '']) => (ppid === `${parent}` ? [name] : []));
}

test('sound alone needs no ffmpeg', async () => {
  const publishing = broadcast('sound', { audio: during(audio, 0, 4000) });
  await server.isOnAir('sound');
  expect(processesOf(server.processId)).not.toContain('ffmpeg');
  const { first, last, findings } = await publishing;
  expect(first).toEqual([{ name: 'audio', codecs: 'mp4a.40.2' }]);
  expect(last).toEqual(first);
  expect(findings, server.log).toEqual([]);
});

test('sound that comes late gets in behind a discontinuity, and where it stops there is silence', async () => {
  const { first, last, lengths, findings } = await broadcast('late', { video, audio: during(audio, 3000, 5000) });
  expect(first).toEqual([
    { name: 'source', codecs: expect.stringMatching(videoCodec) },
    { name: '96p', codecs: expect.stringMatching(videoCodec) },
  ]);
  expect(last.map(({ codecs }) => codecs)).toEqual([
    expect.stringMatching(bothCodecs),
    expect.stringMatching(bothCodecs),
  ]);
  const newest = lengths.map(({ newestMsn }) => newestMsn);
  expect(new Set(newest).size, JSON.stringify(lengths)).toBe(1);
  expect(withoutPatience(findings), server.log).toEqual([]);
});

test('where the picture vanishes the playlists go on with gaps', async () => {
  const { first, lengths, findings } = await broadcast('blind', {
    video: during(video, 0, 3000),
    audio: during(audio, 0, 6000),
  });
  expect(first.map(({ codecs }) => codecs)).toEqual([
    expect.stringMatching(bothCodecs),
    expect.stringMatching(bothCodecs),
  ]);
  const newest = lengths.map(({ newestMsn }) => newestMsn);
  expect(new Set(newest).size, JSON.stringify(lengths)).toBe(1);
  expect(withoutPatience(findings), server.log).toEqual([]);
});

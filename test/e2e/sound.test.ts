import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import { readClip } from '../media/flv-clip.ts';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { run } from '../support/child.ts';
import { downloadRendition, hasEnded } from '../support/download.ts';
import { enhancedFlv } from '../support/enhanced-flv.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { opusSoundClip } from '../transcode/sound-clips.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('sound');
  server = await TestServer.start({ env: { STREAMCTL_HLS_WINDOW: '60s' } });
});

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

const videoArgs =
  '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 60 -b:v 500k -maxrate 500k -bufsize 250k';

/** A moving picture, and hardly any noise with a beep from `beepAt` seconds on, as FLV. */
async function beepClip(name: string, seconds: number, beepAt: number, audioArgs: string): Promise<string> {
  const file = join(folder.path, name);
  const beep = `aevalsrc=0.01*random(0)+if(between(t\\,${beepAt}\\,${beepAt + 0.3})\\,0.8*sin(2*PI*1000*t)\\,0):s=44100`;
  const args = `-v error -y -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i ${beep} -t ${seconds} ${videoArgs} ${audioArgs}`;
  const { code, stderr } = await run('ffmpeg', [...args.split(' '), file]);
  if (code !== 0) throw new Error(stderr);
  return file;
}

async function onAir(hls: string): Promise<string> {
  return until('it is listed', async () => {
    const answer = await fetch(hls);
    return answer.ok && (await answer.text());
  });
}

/** The ffmpeg that the server makes sound with. */
function soundProcess(): number | undefined {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString('utf8').split('\n');
  const found = lines
    .map((line) => line.trim().split(/\s+/))
    .find(([, parent, program, ...args]) => {
      return parent === `${server.processId}` && program?.endsWith('ffmpeg') && args.join(' ').includes('-c:a aac');
    });
  return found === undefined ? undefined : Number(found[0]);
}

/** Seconds from the first picture's time to the beep, by decode times and decoded samples. */
async function beepBehindPicture(hls: string): Promise<number> {
  const [picture, sound] = await Promise.all(
    ['source', 'audio'].map((name) => downloadRendition(new URL(`${name}/index.m3u8`, hls).href)),
  );
  const pictureStart = readFragments(Buffer.from(picture!.bytes))[0]!.baseDecodeTimeTicks / 90_000;
  const soundStart = readFragments(Buffer.from(sound!.bytes))[0]!.baseDecodeTimeTicks / 48_000;
  const args = '-v error -i pipe:0 -f f32le -ac 1 pipe:1'.split(' ');
  const pcm = execFileSync('ffmpeg', args, { input: sound!.bytes, maxBuffer: 1 << 28 });
  const samples = new Float32Array(Uint8Array.from(pcm).buffer);
  return soundStart + samples.findIndex((sample) => Math.abs(sample) > 0.1) / 48_000 - pictureStart;
}

test('MP3 is heard as AAC, in time with the picture, whatever becomes of the ffmpeg that makes it', async () => {
  const file = await beepClip('mp3.flv', 9, 6, '-c:a libmp3lame -b:a 128k -ac 2');
  const { hls, ts, dash } = server.playback('mp3');
  const publisher = publishClip({ url: server.rtmpUrl, key: 'mp3' }, file);
  const first = await onAir(hls);
  expect(first).toMatch(/#EXT-X-MEDIA:TYPE=AUDIO,.*URI="\S*audio\/index\.m3u8"/);
  expect(first).toMatch(/CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/);
  const watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
  await watch.start();
  process.kill(await until('sound is being made', soundProcess), 'SIGKILL');
  const { exitCode, output } = await publisher.ended;
  expect(exitCode, output).toBe(0);
  await until('the playlists end', () => hasEnded(hls));
  expect((await watch.stop()).findings, server.log).toEqual([]);
  expect(server.log).toMatch(/"sound: recovered"/);
  // The clip's own MP3 encoder begins 25 ms early, and the picture is where it should be.
  expect(await beepBehindPicture(hls)).toBeCloseTo(6, 1.6);
});

test('Opus by Enhanced RTMP is heard as AAC', async () => {
  const { video } = readClip(readFileSync(await beepClip('opus.flv', 6, 1, '-an')));
  const opus = opusSoundClip();
  const units = [0, 2000, 4000].flatMap((shiftMs) =>
    opus.units.slice(0, 100).map((unit) => ({ ...unit, dtsMs: unit.dtsMs + shiftMs })),
  );
  if (opus.config.codec !== 'opus') throw new Error('this is no Opus');
  const file = join(folder.path, 'enhanced.flv');
  const picture = {
    config: video!.config,
    units: video!.frames.map((frame) => ({ kind: 'video' as const, ...frame })),
  };
  await writeFile(file, enhancedFlv({ video: picture, audio: { config: opus.config, units } }));
  const { hls } = server.playback('opus');
  const publishing = run(process.execPath, [main, 'publish', file, `${server.rtmpUrl}/opus`]);
  expect(await onAir(hls)).toMatch(/CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/);
  const { code, stderr } = await publishing;
  expect(code, stderr).toBe(0);
  await until('the playlists end', () => hasEnded(hls));
  expect(await beepBehindPicture(hls)).toBeCloseTo(1.007, 1.6);
});

test('without ffmpeg the picture goes on, and the operator is told why there is no sound', async () => {
  const bare = await TestServer.start({ env: { STREAMCTL_LADDER_FFMPEG: '/nowhere/ffmpeg' } });
  try {
    const file = await beepClip('mute.flv', 4, 1, '-c:a libmp3lame -ac 2');
    const { hls } = bare.playback('mute');
    const publisher = publishClip({ url: bare.rtmpUrl, key: 'mute' }, file);
    const listed = await onAir(hls);
    expect(listed).not.toContain('TYPE=AUDIO');
    expect(listed).toMatch(/CODECS="avc1\.[0-9a-f]{6}"/);
    await until('the operator is told', () => /The sound is MP3, .* install ffmpeg/.test(bare.log));
    expect((await publisher.ended).exitCode).toBe(0);
  } finally {
    await bare.dispose();
  }
});

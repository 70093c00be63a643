import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';
import { beepStartMs, flvSoundClip, opusSoundClip } from './sound-clips.ts';
import { SoundRig } from './sound-rig.ts';

function soundRig(path?: string): SoundRig {
  const rig = new SoundRig(path);
  onTestFinished(() => rig.transcoder.stop());
  return rig;
}

const pcm = () => flvSoundClip('-c:a pcm_s16le', 44_100);
const mp3 = () => flvSoundClip('-c:a libmp3lame -b:a 96k', 44_100);

/** What the source's own encoder has put in front, ms: ffmpeg writes the first packet at 0. */
const encodings = [
  { name: 'PCM', clip: pcm, delayMs: 0 },
  { name: 'MP3', clip: mp3, delayMs: 25 },
  { name: 'Speex', clip: () => flvSoundClip('-c:a libspeex', 16_000), delayMs: 14 },
  { name: 'G.711', clip: () => flvSoundClip('-c:a pcm_mulaw', 8000), delayMs: 0 },
  { name: 'Nellymoser', clip: () => flvSoundClip('-c:a nellymoser', 44_100), delayMs: 3 },
  { name: 'ADPCM', clip: () => flvSoundClip('-c:a adpcm_swf', 22_050), delayMs: 0 },
  { name: 'Opus', clip: () => opusSoundClip(), delayMs: 7 },
];

for (const { name, clip, delayMs } of encodings) {
  test(`${name} comes out as AAC at the times it went in`, async () => {
    const rig = soundRig();
    await rig.play(clip());
    await rig.transcoder.stop();
    expect(rig.frames[0]!.atMs).toBeCloseTo(name === 'Opus' ? delayMs : 0, 0);
    expect(rig.endMs).toBeGreaterThan(1950);
    expect(Math.max(...rig.holesMs.map(Math.abs))).toBeLessThan(2); // FLV counts in milliseconds
    const [beginsMs, endsMs] = rig.beepMs();
    expect(Math.abs(beginsMs - beepStartMs - delayMs)).toBeLessThan(3);
    expect(endsMs - beginsMs).toBeGreaterThan(195);
    expect(endsMs - beginsMs).toBeLessThan(215);
    expect(rig.notices.filter(({ type }) => type !== 'log')).toEqual([]);
  });
}

test('sound comes out while it goes in', async () => {
  const rig = soundRig();
  await rig.play(mp3(), { toMs: 700 });
  await until('it comes out', () => rig.endMs > 600);
});

/** The next one's frames begin where it begins: half a frame's difference at most. */
const frameToleranceMs = 12;

test('an ffmpeg that is killed is followed by one that goes on without a hole', async () => {
  const rig = soundRig();
  await rig.play(mp3(), { toMs: 900, isLive: true });
  await until('sound comes out', () => rig.endMs > 500);
  process.kill(rig.transcoder.pid!, 'SIGKILL');
  await rig.play(mp3(), { fromMs: 900, isLive: true });
  await until('all has come out', () => rig.endMs > 1950);
  await rig.transcoder.stop();
  expect(Math.max(...rig.holesMs)).toBeLessThan(frameToleranceMs);
  expect(Math.min(...rig.holesMs)).toBeGreaterThan(-frameToleranceMs);
  expect(Math.abs(rig.beepMs()[0] - beepStartMs - 25)).toBeLessThan(frameToleranceMs);
  expect(rig.notices.map(({ type }) => type)).toEqual(['failed', 'recovered']);
});

test('an ffmpeg that hangs is ended, and the next one goes on', async () => {
  const rig = soundRig();
  const clip = pcm();
  await rig.play(clip, { toMs: 500 });
  await until('sound comes out', () => rig.endMs > 400);
  process.kill(rig.transcoder.pid!, 'SIGSTOP');
  await rig.play(clip, { fromMs: 500 });
  rig.clock.skip(1100);
  await rig.play(clip, { toMs: 100, shiftMs: 2000 });
  await until('all has come out', () => rig.endMs > 2050);
  expect(Math.max(...rig.holesMs)).toBeLessThan(frameToleranceMs);
  expect(rig.notices.map(({ type }) => type)).toEqual(['failed', 'recovered']);
});

test('an ffmpeg that never starts is tried again, ever less often', async () => {
  const rig = soundRig('/bin/false');
  const clip = pcm();
  const failures = () => rig.notices.filter(({ type }) => type === 'failed' || type === 'degraded').length;
  for (let round = 1; round <= 6; round++) {
    await rig.play(clip, { toMs: 200, shiftMs: round * 200 });
    await until(`it has failed ${round} times`, () => failures() >= round);
    rig.clock.skip(5000);
  }
  expect(rig.notices.at(-1)).toMatchObject({ type: 'degraded', retryInMs: 30_000 });
  expect(rig.frames).toEqual([]);
  await rig.transcoder.stop();
});

test('a publisher that changes its encoding changes nothing for viewers', async () => {
  const rig = soundRig();
  await rig.play(pcm(), { toMs: 900 });
  await rig.play(mp3(), { fromMs: 900 });
  await until('all has come out', () => rig.endMs > 1900);
  await rig.transcoder.stop();
  expect(Math.max(...rig.holesMs)).toBeLessThan(60); // what MP3 needs to begin
  expect(rig.notices.filter(({ type }) => type !== 'log')).toEqual([]);
});

test('a pause of the source stays a pause', async () => {
  const rig = soundRig();
  const clip = pcm();
  await rig.play(clip, { toMs: 500 });
  await rig.play(clip, { fromMs: 500, shiftMs: 3000 });
  await rig.transcoder.stop();
  expect(rig.holesMs.filter((ms) => ms > 1)).toEqual([expect.closeTo(3000, -1.5)]);
});

test('what follows an interruption begins anew', async () => {
  const rig = soundRig();
  const clip = pcm();
  await rig.play(clip, { toMs: 500 });
  rig.transcoder.interrupt();
  const before = rig.frames.length;
  await rig.play(clip, { toMs: 500, shiftMs: 2000 });
  await until('it comes out', () => rig.frames.length > before);
  expect(rig.frames[before]!.atMs).toBeCloseTo(2000, 0);
});

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { irregularClip } from './source-clips.ts';
import { testBroadcast } from './test-broadcast.ts';

const clip = irregularClip();

/** The real ffmpeg behind a script that has a fault the first `faultyStarts` times. */
function faultyFfmpeg(fault: string, faultyStarts: number): string {
  const folder = tempDir();
  const path = join(folder, 'ffmpeg');
  const script = `#!/bin/bash
starts=$(cat ${folder}/starts 2>/dev/null || echo 0)
echo $((starts + 1)) > ${folder}/starts
if [ $starts -lt ${faultyStarts} ]; then
  ${fault}
fi
exec ffmpeg "$@"
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

for (const [name, fault, why] of [
  ['ends with code 0', 'head -c 600000 | ffmpeg "$@"; exit 0', 'it ended with code 0'],
  ['has a pipe closed on it', 'exec ffmpeg "$@" 3> >(head -c 60000 >&3)', /it ended with code|SIGPIPE/],
  ['writes something else than FLV', 'echo "this is not a video at all" >&3; sleep 5', /FLV/],
] as const) {
  test(`an ffmpeg that ${name} while the source goes on is replaced at once`, async () => {
    const rig = testBroadcast(faultyFfmpeg(fault, 1));
    rig.want(clip, 30);
    await rig.play(clip, { toMs: 3600 });
    await rig.finish();
    const [failed] = rig.noticesOf('failed');
    expect(failed).toMatchObject({ why: expect.stringMatching(why), retryInMs: 0 });
    expect(rig.supervisor.stats()).toMatchObject({ starts: 2, failures: 1 });
    for (const rung of ['360p', '240p']) {
      expect(rig.missingKeys(rung)).toEqual([]);
      expect(rig.lost(rung)).toBeLessThanOrEqual(2); // frames that were on their way when it ended in good order
    }
  });
}

test('where a device has no room, x264 takes its place at once and says why', async () => {
  const full = 'OpenEncodeSessionEx failed: out of memory (10)';
  const rig = testBroadcast(
    faultyFfmpeg(`for arg; do [ "$arg" = h264_nvenc ] && { echo "[error] ${full}" >&2; exit 1; }; done`, 99),
    { encoder: 'nvenc' },
  );
  rig.want(clip, 30);
  await rig.play(clip, { toMs: 2500 });
  await rig.finish();
  expect(rig.notices).toEqual([
    { type: 'encoder-replaced', from: 'nvenc', to: 'x264', why: `it ended with code 1: ${full}` },
  ]);
  expect(rig.supervisor.stats()).toMatchObject({ encoder: 'x264', starts: 2 });
  for (const rung of ['360p', '240p']) expect(rig.lost(rung)).toBe(0);
});

test('an ffmpeg that fails again and again is tried at growing distances, then the source is left alone for half a minute', async () => {
  const rig = testBroadcast(faultyFfmpeg('exit 3', 7));
  rig.want(clip, 30);
  rig.supervisor.configure(clip.config);
  await rig.play(clip, { toMs: 1000 });
  for (const [index, delayMs] of [0, 500, 1000, 2000, 4000].entries()) {
    await until('it has failed', () => rig.noticesOf('failed').length > index);
    expect(rig.noticesOf('failed')[index]).toMatchObject({ why: 'it ended with code 3', retryInMs: delayMs });
    rig.clock.skip(delayMs);
    await rig.play(clip, { fromMs: 0, toMs: 100, speed: 50 }); // a keyframe to begin at
  }
  await until('it is given up', () => rig.noticesOf('degraded').length === 1);
  expect(rig.supervisor.stats()).toMatchObject({ state: 'DEGRADED', starts: 6, failures: 6 });
  expect(rig.states.slice(-2).sort()).toEqual(['240p withdrawn', '360p withdrawn']);

  await rig.play(clip, { toMs: 100, speed: 50 });
  expect(rig.supervisor.stats().starts).toBe(6);
  rig.clock.skip(30_000);
  await until('the try has failed', () => rig.noticesOf('degraded').length === 2);
  await rig.play(clip, { toMs: 100, speed: 50 });
  rig.clock.skip(30_000);
  await rig.play(clip, { toMs: 1200 });
  await until('it works again', () => rig.states.at(-1)?.endsWith('live') === true);
  expect(rig.supervisor.stats()).toMatchObject({ state: 'RUNNING', starts: 8 });
});

test('input that makes ffmpeg hang is passed over at the next keyframe', async () => {
  const rig = testBroadcast();
  rig.want(clip, 30);
  await rig.play(clip, { toMs: 1200 });
  for (let i = 0; i < 40; i++) {
    rig.nextMs += 33;
    rig.feed({ kind: 'video', dtsMs: rig.nextMs, compositionOffsetMs: 0, isSync: false, data: garbageFrame() });
  }
  rig.clock.skip(1100);
  rig.feed({ kind: 'video', dtsMs: rig.nextMs + 33, compositionOffsetMs: 0, isSync: false, data: garbageFrame() });
  await until('it was replaced', () => rig.supervisor.stats().starts === 2);
  rig.nextMs += 100;
  const before = rig.framesOf('240p').length;
  await rig.play(clip, { toMs: 1000 });
  rig.clock.skip(8000); // the time a start may take
  await rig.play(clip, { fromMs: 0, toMs: 1200 });
  await until('frames come again', () => rig.framesOf('240p').length > before + 25);
  expect(rig.supervisor.stats().stalls).toBeGreaterThanOrEqual(1);
  expect(rig.supervisor.stats().failures).toBeLessThanOrEqual(2);
  expect(rig.logs.length).toBeGreaterThan(0);
  expect(rig.logs.length).toBeLessThan(25); // of hundreds of lines
});

/** A slice NAL unit with nothing sensible in it. */
function garbageFrame(): Uint8Array {
  const frame = Buffer.alloc(3004, 0x55);
  frame.writeUInt32BE(3000);
  frame[4] = 0x41;
  return frame;
}

test('an ffmpeg that is too slow is relieved of frames nobody needs, then of the top rung', async () => {
  // placebo in place of superfast, for the top rung only
  const slow = `args=(); slowed=0
  for arg in "$@"; do
    if [ "$arg" = superfast ] && [ $slowed = 0 ] && [[ "$*" == *o1* ]]; then arg=placebo; slowed=1; fi
    args+=("$arg")
  done
  exec ffmpeg "\${args[@]}"`;
  const rig = testBroadcast(faultyFfmpeg(slow, 9));
  rig.want(clip, 30, { widthPixels: 1600, heightPixels: 900 }, [
    { name: '720p', heightPixels: 720, videoBitrateBps: 2_500_000 },
    { name: '240p', heightPixels: 240, videoBitrateBps: 400_000 },
  ]);
  await rig.play(clip, { toMs: 11_000 });
  await rig.supervisor.stop();
  expect(rig.noticesOf('overloaded').map((notice) => notice.reaction)).toContain('shed-rung');
  expect(rig.states).toContain('720p withdrawn');
  expect(rig.missingKeys('240p')).toEqual([]);
  expect(Math.max(...rig.counters.map((stats) => stats.backlogBytes))).toBeLessThan(9 << 20);
  expect(rig.supervisor.stats()).toMatchObject({ failures: 0 });
});

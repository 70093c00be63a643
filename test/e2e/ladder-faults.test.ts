import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'vitest';
import { ffmpegChildren } from '../support/ffmpeg-children.ts';
import { butAbsent, butLate, findingsOf, rendition } from '../support/ladder-findings.ts';
import { LadderStage } from '../support/ladder-stage.ts';
import { until } from '../support/until.ts';

async function openStage({ onTestFinished }: TestContext): Promise<LadderStage> {
  const stage = await LadderStage.open();
  onTestFinished(() => stage.close());
  return stage;
}

test.concurrent('viewers of a ladder whose ffmpeg is killed and later hangs miss nothing and see no break', async (context) => {
  const { expect } = context;
  const stage = await openStage(context);
  await stage.start();
  const publisher = stage.publish('show', await stage.clip('show', 14));
  const watch = await stage.watch('show');
  const hit = async (signal: NodeJS.Signals) => {
    const recoveries = stage.said('transcoding: recovered');
    const [pid] = await until('ffmpeg runs', () => {
      const pids = ffmpegChildren(stage.server.processId);
      return pids.length === 1 && pids;
    });
    process.kill(pid!, signal);
    await until('frames come again', () => stage.said('transcoding: recovered') > recoveries);
  };
  await until('the rungs are there', () => rendition(watch, '144p').segments.size >= 1);
  await hit('SIGKILL');
  await until('it goes on', () => rendition(watch, '144p').segments.size >= 3);
  await hit('SIGSTOP');
  expect((await publisher.ended).exitCode).toBe(0);
  expect(butLate(await findingsOf(watch)), stage.server.log).toEqual([]);
  for (const name of ['240p', '144p']) {
    const { segments, listed } = rendition(watch, name);
    expect([...listed.values()].filter(({ isGap, isDiscontinuity }) => isGap || isDiscontinuity)).toEqual([]);
    const frames = [...segments.values()].flatMap(({ facts }) => facts?.fragments.flatMap((one) => one.samples) ?? []);
    expect(frames, name).toHaveLength(14 * 30);
  }
});

test.concurrent('a ladder whose ffmpeg ends as soon as it starts leaves the source alone, is tried again, and comes back', async (context) => {
  const { expect } = context;
  const stage = await openStage(context);
  const broken = join(stage.folder, 'broken');
  const path = join(stage.folder, 'ffmpeg');
  // Only what is fed by the ladder fails: the trials at the start work.
  writeFileSync(path, `#!/bin/sh\ncase "$*" in *pipe:0*) [ -e ${broken} ] && exit 1;; esac\nexec ffmpeg "$@"\n`);
  chmodSync(path, 0o755);
  writeFileSync(broken, '');
  await stage.start({ STREAMCTL_LADDER_FFMPEG: path });
  const publisher = stage.publish('show', await stage.clip('show', 12));
  const watch = await stage.watch('show');
  await until('it has failed three times', () => stage.said('transcoding: failed') >= 3);
  await until('the source goes on', () => rendition(watch, 'source').segments.size > 0);
  expect(rendition(watch, '240p').segments.size).toBe(0);
  rmSync(broken);
  await until('rungs are there', () => rendition(watch, '240p').segments.size > 0);
  expect((await publisher.ended).exitCode).toBe(0);
  const findings = butAbsent(butAbsent(butLate(await findingsOf(watch)), '240p'), '144p');
  expect(findings, stage.server.log).toEqual([]);
  expect(rendition(watch, 'source').segments.size).toBe(6);
  expect([...rendition(watch, 'source').listed.values()].some(({ isGap }) => isGap)).toBe(false);
  expect(ffmpegChildren(stage.server.processId)).toEqual([]);
});

test.concurrent('a source that comes back in another size has its ladder within three seconds, behind a discontinuity in all renditions', async (context) => {
  const { expect } = context;
  const stage = await openStage(context);
  await stage.start();
  const [large, small] = [await stage.clip('large', 30), await stage.clip('small', 6, '320x180')];
  const first = stage.publish('show', large);
  const watch = await stage.watch('show');
  await until('the first ladder runs', () => rendition(watch, '144p').segments.size >= 2);
  await first.kill();
  const second = stage.publish('show', small);
  const behindBreak = (name: string) =>
    [...rendition(watch, name).segments.values()].find(({ listing }) => listing.discontinuitySequence > 0);
  const source = await until('the source is back', () => behindBreak('source'));
  const rung = await until('its rung is back', () => behindBreak('144p'));
  expect(rung.fetched.lastByteMs - source.fetched.lastByteMs).toBeLessThan(3000);
  expect((await second.ended).exitCode).toBe(0);
  // 240p is no rung of a source of 180p.
  expect(butAbsent(butLate(await findingsOf(watch)), '240p'), stage.server.log).toEqual([]);
});

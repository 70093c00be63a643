import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from '../support/checker/findings.ts';
import { ffmpegChildren } from '../support/ffmpeg-children.ts';
import { butAbsent, butLate, findingsOf, rendition } from '../support/ladder-findings.ts';
import { LadderStage } from '../support/ladder-stage.ts';
import { until } from '../support/until.ts';

export interface TranscodeSoakReport {
  readonly hits: readonly { readonly signal: string; readonly frames_again_after_ms: number }[];
  /** From the first of starts that all fail until it is given up, and from when they would work until frames come. */
  readonly given_up_after_ms: number;
  readonly back_after_ms: number;
  /** Of the rungs, and of the source, while ffmpeg is only killed and stopped. */
  readonly gaps: number;
  readonly findings: readonly Finding[];
}

const hitEveryMs = { least: 12_000, most: 25_000 };
/** Five tries in half a minute's back-off, then half a minute until the next, on a machine that may be busy. */
const patienceMs = 120_000;

/** A ladder that is disturbed for some minutes, then loses its ffmpeg altogether, and gets it back. */
export async function soakTranscode({ minutes }: { readonly minutes: number }): Promise<TranscodeSoakReport> {
  const stage = await LadderStage.open();
  try {
    const path = join(stage.folder, 'ffmpeg');
    const broken = join(stage.folder, 'broken');
    writeFileSync(path, `#!/bin/sh\ncase "$*" in *pipe:0*) [ -e ${broken} ] && exit 1;; esac\nexec ffmpeg "$@"\n`);
    chmodSync(path, 0o755);
    await stage.start({ STREAMCTL_LADDER_FFMPEG: path });
    const publisher = stage.publish('soak', await stage.clip('soak', minutes * 60 + 180));
    const watch = await stage.watch('soak');
    await until('the rungs are there', () => rendition(watch, '144p').segments.size > 0);
    const hits = await hitFor(stage, minutes * 60_000);
    const gaps = [...watch.renditions.values()].flatMap(({ listed }) =>
      [...listed.values()].filter(({ isGap }) => isGap),
    );
    writeFileSync(broken, '');
    const brokenAtMs = performance.now();
    process.kill(ffmpegChildren(stage.server.processId)[0]!, 'SIGKILL');
    await until('it is given up', () => stage.said('transcoding: degraded') > 0, patienceMs);
    const givenUpAtMs = performance.now();
    rmSync(broken);
    const recoveries = stage.said('transcoding: recovered');
    await until('it works again', () => stage.said('transcoding: recovered') > recoveries, patienceMs);
    const backAtMs = performance.now();
    await delay(10_000);
    await publisher.stop();
    const findings = butAbsent(butAbsent(butLate(await findingsOf(watch)), '240p'), '144p');
    return {
      hits,
      given_up_after_ms: Math.round(givenUpAtMs - brokenAtMs),
      back_after_ms: Math.round(backAtMs - givenUpAtMs),
      gaps: gaps.length,
      findings,
    };
  } finally {
    await stage.close();
  }
}

async function hitFor(stage: LadderStage, durationMs: number): Promise<TranscodeSoakReport['hits'][number][]> {
  const hits: TranscodeSoakReport['hits'][number][] = [];
  const endsAtMs = performance.now() + durationMs;
  while (performance.now() < endsAtMs) {
    await delay(hitEveryMs.least + Math.random() * (hitEveryMs.most - hitEveryMs.least));
    const [pid] = ffmpegChildren(stage.server.processId);
    if (pid === undefined) continue;
    const signal = Math.random() < 0.5 ? 'SIGKILL' : 'SIGSTOP';
    const recoveries = stage.said('transcoding: recovered');
    const hitAtMs = performance.now();
    process.kill(pid, signal);
    await until('frames come again', () => stage.said('transcoding: recovered') > recoveries, patienceMs);
    hits.push({ signal, frames_again_after_ms: Math.round(performance.now() - hitAtMs) });
    console.error(`${signal}: frames again after ${hits.at(-1)?.frames_again_after_ms} ms`);
  }
  return hits;
}

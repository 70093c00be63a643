import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { ClipPublisher } from '../../src/publisher/clip-publisher.ts';
import { loadClip } from '../../src/publisher/flv-clip.ts';
import { parsePublishUrl } from '../../src/publisher/publish-url.ts';
import { ffmpegChildren } from '../support/ffmpeg-children.ts';
import { LadderStage } from '../support/ladder-stage.ts';
import { until } from '../support/until.ts';

export interface CyclesReport {
  readonly cycles: number;
  /** ffmpegs that were seen at work. */
  readonly seen: number;
  /** Of those, still there at the end. */
  readonly orphans: number;
  readonly zombies: number;
  readonly descriptors: { readonly start: number; readonly end: number };
  /** Resident memory of the server after each tenth of the cycles. What has ended stays for a while to be watched. */
  readonly rss_mib: readonly number[];
  /** When the last broadcast has been forgotten, and one more round of cycles was run. */
  readonly rss_mib_after_rest: number;
}

/** As many broadcasts at once, so that 200 take minutes and not an hour. */
const atOnce = 4;
const restMs = 300_000;

/** Broadcasts with a ladder that begin and end, ffmpeg killed in every fifth; and what the server has left of them. */
export async function soakTranscodeCycles({ cycles }: { readonly cycles: number }): Promise<CyclesReport> {
  const stage = await LadderStage.open();
  try {
    await stage.start({ STREAMCTL_LADDER_CPU_BUDGET: '100%' });
    const { processId } = stage.server;
    const clip = await loadClip(await stage.clip('cycle', 8));
    const seen = new Set<number>();
    const rssMib: number[] = [];
    await runRound(stage, clip, 0, seen); // what is only opened once is open
    const start = descriptorsOf(processId);
    for (let done = 0; done < cycles; done += atOnce) {
      await runRound(stage, clip, done, seen);
      if (Math.floor((done + atOnce) / (cycles / 10)) > Math.floor(done / (cycles / 10))) {
        rssMib.push(residentMib(processId));
        const memory = `${rssMib.at(-1)} MiB (${await memoryOf(stage)})`;
        console.error(`${done + atOnce} cycles: ${memory}, ${descriptorsOf(processId)} descriptors`);
      }
    }
    await until('all ffmpegs are gone', () => ffmpegChildren(processId).length === 0);
    await until('descriptors are closed', () => descriptorsOf(processId) <= start + 2).catch(() => undefined);
    console.error(`resting for ${restMs / 1000} s`);
    await delay(restMs);
    await runRound(stage, clip, 0, seen);
    console.error(`after the rest: ${residentMib(processId)} MiB (${await memoryOf(stage)})`);
    const states = [...seen].map(stateOf);
    return {
      cycles,
      seen: seen.size,
      orphans: states.filter((state) => state !== 'gone' && state !== 'Z').length,
      zombies: states.filter((state) => state === 'Z').length,
      descriptors: { start, end: descriptorsOf(processId) },
      rss_mib: rssMib,
      rss_mib_after_rest: residentMib(processId),
    };
  } finally {
    await stage.close();
  }
}

async function runRound(
  stage: LadderStage,
  clip: Awaited<ReturnType<typeof loadClip>>,
  round: number,
  seen: Set<number>,
): Promise<void> {
  const { rtmpUrl, processId } = stage.server;
  const stop = new AbortController();
  const publishing = Array.from({ length: atOnce }, (_, index) =>
    new ClipPublisher({ clip, url: parsePublishUrl(`${rtmpUrl}/cycle${index}`), clock: systemClock, loop: true }).run(
      stop.signal,
    ),
  );
  await until('all ladders run', () => ffmpegChildren(processId).length === atOnce, 60_000);
  const pids = ffmpegChildren(processId);
  for (const pid of pids) seen.add(pid);
  if ((round / atOnce) % 5 === 4) process.kill(pids[0]!, 'SIGKILL');
  stop.abort();
  await Promise.all(publishing);
  await until('the ladders have ended', () => ffmpegChildren(processId).length === 0, 60_000);
}

/** What each thread holds, in MiB: which of them grows. */
async function memoryOf({ server }: LadderStage): Promise<string> {
  const fetch = unixFetch(join(server.dataFolder, 'control.sock'));
  const text = await (await fetch(new Request('http://localhost/metrics'))).text();
  const readings = text.matchAll(
    /^streamctl_(thread_heap|thread_external|slab)_bytes(?:\{thread="([^"]+)"\})? (\d+)/gm,
  );
  return [...readings]
    .map(([, kind, thread = '', bytes]) => `${thread} ${kind} ${Math.round(Number(bytes) / 2 ** 20)}`.trim())
    .join(', ');
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentMib(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return Math.round((pages * 4096) / 2 ** 20);
}

function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0]!;
  } catch {
    return 'gone';
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { demandingBenchClip } from './clip.ts';
import { firstPlaylist } from './hls-followers.ts';
import { distributionOf, rounded } from './percentiles.ts';
import { PublisherProcess } from './publisher-process.ts';
import { RenditionTrace } from './rendition-trace.ts';
import type { Report } from './report.ts';
import { stampedPublisher } from './stamped-publisher.ts';
import { type LadderRung, startTranscoder, troublesOf, withheldBy } from './transcoded-broadcast.ts';

const rungs: readonly LadderRung[] = [
  { name: '720p', height: 720, video_bitrate: '2800k', fps: 60 },
  { name: '480p', height: 480, video_bitrate: '1400k', fps: 30 },
  { name: '360p', height: 360, video_bitrate: '800k', fps: 30 },
];
/** The first GOP, and what a new process still compiles. */
const settleMs = 8000;
const startTimeoutMs = 40_000;
const heirTimeoutMs = 30_000;

type Server = Awaited<ReturnType<typeof startTranscoder>>;

/**
 * Five broadcasts of 1080p60 that ask for more encoding than there is: how old the source of the first is at its viewers while it is alone and
 * when it is one of five, `seconds` each; what is withheld, and why; and after what time another has rungs when two end, one of which had them.
 */
export async function benchLadderBudget(seconds: number, report: Report, signal: AbortSignal): Promise<void> {
  const clipFile = await demandingBenchClip();
  const server = await startTranscoder(rungs, signal);
  const publishers: PublisherProcess[] = [];
  const publish = async (indexes: readonly number[]) => {
    const urls = indexes.map((index) => server.publishUrl(index));
    const publisher = new PublisherProcess({ clipFile, urls, chunkSizeBytes: 4096, staggerMs: 500 });
    publishers.push(publisher);
    await publisher.untilLive(urls.length, AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]));
    return publisher;
  };
  const watched = new AbortController();
  const ended = AbortSignal.any([signal, watched.signal]);
  try {
    const { publisher, sentAtMs } = await stampedPublisher(clipFile, server.publishUrl(0));
    const publishing = publisher.run(ended);
    publishing.catch(() => undefined); // awaited below, unless something else fails first
    const url = server.playlistUrl?.(0) ?? '';
    await firstPlaylist(url, AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]));
    const source = new RenditionTrace(url);
    const following = source.follow(ended);
    const measured = async () => {
      await delay(settleMs, undefined, { signal });
      const sinceMs = performance.now();
      await Promise.race([publishing, following, delay(seconds * 1000, undefined, { signal })]);
      return agesOf(source, sentAtMs, sinceMs);
    };
    report.progress(`the first alone: ${seconds} s …`);
    const alone = await measured();
    const two = await publish([1, 2]);
    await firstWithRungs(server, [1], startTimeoutMs, signal);
    await publish([3, 4]);
    report.progress(`one of five: ${seconds} s …`);
    const among = await measured();
    const withheld = withheldBy(server);
    report.progress('the second and the third end …');
    const endedAtMs = performance.now();
    await two.stop();
    await firstWithRungs(server, [3, 4], heirTimeoutMs, signal);
    const heirAfterMs = Math.round(performance.now() - endedAtMs);
    watched.abort();
    await Promise.all([publishing, following]);
    const { gaps, discontinuities } = source;
    const troubles = troublesOf(server);
    if (withheld.length === 0) report.progress('this machine has room for all five: nothing was withheld');
    report.line({ alone, among_five: among, gaps, discontinuities, withheld, troubles, heir_after_ms: heirAfterMs });
    report.table([
      ['source of the first', 'frames', 'age p50 ms', 'p95', 'p99', 'max'],
      ...Object.entries({ alone, 'one of five': among }).map(([name, { count, p50, p95, p99, max }]) => [
        ...[name, count, p50, p95, p99, max],
      ]),
    ]);
    for (const why of withheld) report.progress(`withheld: ${why}`);
    report.progress(`${gaps} gaps, ${discontinuities} discontinuities; troubles: ${JSON.stringify(troubles)}`);
    report.progress(`another had a rung ${heirAfterMs} ms after two had ended`);
  } finally {
    watched.abort();
    await Promise.all(publishers.map((one) => one.stop().catch(() => undefined)));
    await server.stop();
  }
}

/** From the publisher's socket to the viewer's, of all frames sent since. */
function agesOf(source: RenditionTrace, sentAtMs: readonly number[], sinceMs: number) {
  const ages = [...source.frames.values()].flatMap(({ stamp, atMs }) => {
    const sentMs = sentAtMs[stamp ?? -1];
    return sentMs === undefined || sentMs < sinceMs ? [] : [atMs - sentMs];
  });
  const distribution = distributionOf(ages);
  if (distribution === undefined) throw new Error('no frame of the source came');
  return rounded(distribution);
}

/** Waits until a rung of one of these broadcasts has media. */
async function firstWithRungs(
  server: Server,
  indexes: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  for (;;) {
    for (const index of indexes) {
      for (const { name } of rungs) {
        const url = server.playlistUrl?.(index).replace('/source/', `/${name}/`) ?? '';
        const answer = await fetch(url, { signal: patience });
        if ((await answer.text()).includes('#EXTINF')) return;
      }
    }
    await delay(100, undefined, { signal: patience });
  }
}

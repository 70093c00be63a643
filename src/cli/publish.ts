import { systemClock } from '../base/clock.ts';
import { loadClip } from '../publisher/flv-clip.ts';
import { numberedUrl, parsePublishUrl, redactedUrl } from '../publisher/publish-url.ts';
import { PublisherGroup } from '../publisher/publisher-group.ts';
import { endSignal } from './end-signal.ts';
import { showPublishProgress } from './publish-progress.ts';
import { publishSummary } from './publish-summary.ts';

export interface PublishOrder {
  readonly file: string;
  readonly url: string;
  readonly loop: boolean;
  readonly seconds: number | undefined;
  /** More than one publish to NAME-1, NAME-2, … */
  readonly count: number;
  readonly reconnect: boolean;
  readonly chunkSizeBytes: number;
  readonly startTimestampMs: number;
  readonly allowAnyCertificate: boolean;
}

/** Spreads the beginnings of many publishers over two seconds, about a keyframe interval. */
const staggerTotalMs = 2000;

/**
 * Publishes until the end of the file, the time or Ctrl-C; progress goes to stderr. Resolves with what `publish --json` answers;
 * throws the first failure when no publisher got through.
 */
export async function publish(order: PublishOrder): Promise<ReturnType<typeof publishSummary>> {
  const { count, seconds, ...options } = order;
  const url = parsePublishUrl(order.url);
  const group = new PublisherGroup({
    ...options,
    clip: await loadClip(order.file),
    urls: count === 1 ? [url] : Array.from({ length: count }, (_, index) => numberedUrl(url, index + 1)),
    staggerMs: staggerTotalMs / count,
    clock: systemClock,
    maxMediaMs: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
  });
  const shown = redactedUrl(url);
  const endProgress = showPublishProgress(shown, () => group.stats(), process.stderr);
  const failures = await group.run(endSignal()).finally(endProgress);
  if (failures.length === count) throw failures[0]?.error;
  return publishSummary(shown, group.stats(), failures);
}

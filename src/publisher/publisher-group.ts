import { setTimeout as delay } from 'node:timers/promises';
import { ClipPublisher, type ClipPublisherOptions } from './clip-publisher.ts';
import type { PublishUrl } from './publish-url.ts';

export interface PublisherGroupOptions extends Omit<ClipPublisherOptions, 'url'> {
  readonly urls: readonly PublishUrl[];
  /** Between the beginnings of two publishers, so that their keyframes do not come together. */
  readonly staggerMs?: number;
}

/** All publishers of a group together. */
export interface GroupStats {
  readonly publishers: number;
  readonly live: number;
  readonly videoFrames: number;
  readonly bytes: number;
  /** Of the publisher that has sent the most. */
  readonly mediaMs: number;
  readonly reconnects: number;
  readonly maxLateMs: number;
}

export interface GroupFailure {
  /** Counted from 1, in the order of the URLs. */
  readonly publisher: number;
  readonly error: Error;
}

/** Several publishers of the same clip in one process. One that fails does not end the others. */
export class PublisherGroup {
  private readonly publishers: readonly ClipPublisher[];
  private readonly staggerMs: number;

  constructor({ urls, staggerMs = 0, ...options }: PublisherGroupOptions) {
    this.publishers = urls.map((url) => new ClipPublisher({ ...options, url }));
    this.staggerMs = staggerMs;
  }

  stats(): GroupStats {
    const all = this.publishers.map((publisher) => publisher.stats());
    return {
      publishers: all.length,
      live: all.filter(({ isLive }) => isLive).length,
      videoFrames: all.reduce((sum, { videoFrames }) => sum + videoFrames, 0),
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      mediaMs: all.reduce((longest, { mediaMs }) => Math.max(longest, mediaMs), 0),
      reconnects: all.reduce((sum, { reconnects }) => sum + reconnects, 0),
      maxLateMs: all.reduce((latest, { maxLateMs }) => Math.max(latest, maxLateMs), 0),
    };
  }

  /** Resolves with those that failed, when all have come to their end or have said goodbye after `signal` was aborted. */
  async run(signal: AbortSignal): Promise<readonly GroupFailure[]> {
    const failures: GroupFailure[] = [];
    const runs = this.publishers.map(async (publisher, index) => {
      try {
        await delay(index * this.staggerMs, undefined, { signal });
        await publisher.run(signal);
      } catch (error) {
        if (!signal.aborted) failures.push({ publisher: index + 1, error: error as Error });
      }
    });
    await Promise.all(runs);
    return failures;
  }
}

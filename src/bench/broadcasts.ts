import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import type { FlvClip } from '../publisher/flv-clip.ts';
import { PublisherGroup } from '../publisher/publisher-group.ts';
import type { MeasuredServer } from './measured-server.ts';

/** Between the beginnings of two broadcasts, so that their keyframes do not come together. */
const staggerMs = 130;

/** Broadcasts of a clip to the server, again and again, until they are stopped. */
export class BenchBroadcasts {
  private readonly group: PublisherGroup;
  private readonly channels: readonly string[];
  private readonly ending = new AbortController();
  private readonly running: Promise<unknown>;

  constructor(server: MeasuredServer, clip: FlvClip, channels: readonly string[]) {
    const { hostname: host, port } = server.rtmpUrl;
    this.channels = channels;
    this.group = new PublisherGroup({
      clip,
      urls: channels.map((streamName) => ({ isTls: false, host, port: Number(port), app: 'live', streamName })),
      clock: systemClock,
      loop: true,
      staggerMs,
    });
    this.running = this.group.run(this.ending.signal);
  }

  /** How many of them are on air. */
  get live(): number {
    return this.group.stats().live;
  }

  async untilLive(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (this.live < this.channels.length && performance.now() < deadlineMs) await delay(50, undefined, { signal });
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }
}

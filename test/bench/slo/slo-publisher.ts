import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../src/base/clock.ts';
import type { ClipTag, FlvClip } from '../../../src/publisher/flv-clip.ts';
import { paceClip } from '../../../src/publisher/pace-clip.ts';
import { RtmpPublisher } from '../../../src/publisher/rtmp-publisher.ts';
import { until } from '../../support/until.ts';
import { stampFrame } from '../frame-stamp.ts';
import { FrameDropper } from './frame-dropper.ts';
import { Uplink } from './uplink.ts';

/** As an encoder that is told to come back. */
const returnAfterMs = 2000;
/** More media than this on its way, and pictures are left out: OBS' default. */
const heldMediaMs = 700;
const patienceMs = 60_000;

/** Publishes a clip for ever through an uplink of its own, comes back when it is lost, and keeps account of all that. */
export class SloPublisher {
  readonly channel: string;
  readonly uplink: Uplink;
  /** By the number that is in the frame: when it was sent, monotonic ms. */
  readonly sentAtMs: number[] = [];
  /** Since when the server has what it sends, monotonic ms; undefined while it has no connection. */
  connectedSinceMs: number | undefined;
  losses = 0;
  returns = 0;
  /** Of the clip, on average. */
  readonly bytesPerSecond: number;
  private readonly clip: FlvClip;
  private readonly dropper: FrameDropper;
  private readonly stopping = new AbortController();
  private readonly publishing: Promise<void>;
  /** When pictures were sent that the network did not swallow. */
  private readonly throughAtMs: number[] = [];
  /** The connection there was is lost, also where the publisher has not yet heard of that and goes on sending. */
  private isLost = false;

  private constructor(channel: string, clip: FlvClip, uplink: Uplink) {
    this.channel = channel;
    this.clip = clip;
    this.uplink = uplink;
    this.bytesPerSecond = (1000 * clip.tags.reduce((sum, { body }) => sum + body.length, 0)) / clip.durationMs;
    this.dropper = new FrameDropper((this.bytesPerSecond * heldMediaMs) / 1000);
    uplink.onServerClosed = () => this.disconnected();
    this.publishing = this.publish();
  }

  /** `serverPort`: of the server's RTMP. */
  static async start(channel: string, clip: FlvClip, serverPort: number): Promise<SloPublisher> {
    return new SloPublisher(channel, clip, await Uplink.open(serverPort));
  }

  /** Pictures that were left out because the uplink was too narrow. */
  get framesDropped(): number {
    return this.dropper.dropped;
  }

  /** Pictures that were sent between two moments, and not swallowed. */
  framesWithin(fromMs: number, toMs: number): number {
    return this.throughAtMs.filter((atMs) => atMs >= fromMs && atMs <= toMs).length;
  }

  async untilConnected(isWanted: boolean): Promise<void> {
    const isSo = () => (this.connectedSinceMs !== undefined) === isWanted;
    await until(`${this.channel} is ${isWanted ? '' : 'not '}connected`, isSo, patienceMs);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.publishing;
    this.uplink.close();
  }

  private disconnected(): void {
    this.isLost = true;
    if (this.connectedSinceMs === undefined) return;
    this.connectedSinceMs = undefined;
    if (!this.stopping.signal.aborted) this.losses++;
  }

  private async publish(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.publishOnce(signal).catch(() => undefined);
      await delay(returnAfterMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until the connection is lost, or `signal` is aborted. */
  private async publishOnce(signal: AbortSignal): Promise<void> {
    const { channel: streamName, uplink, clip, dropper } = this;
    const publisher = new RtmpPublisher({
      url: { isTls: false, host: '127.0.0.1', port: uplink.port, app: 'live', streamName },
    });
    try {
      await publisher.connect(signal);
      this.isLost = false;
      await paceClip({
        ...{ clip, signal, clock: systemClock, loop: true, speed: 1, startTimestampMs: 0 },
        maxMediaMs: Number.POSITIVE_INFINITY,
        onLate: () => {},
        send: (tag, timestampMs) => {
          if (publisher.failure !== undefined) throw publisher.failure;
          if (dropper.isSent(tag, uplink.heldBytes)) publisher.sendTag(tag.type, timestampMs, this.stamped(tag));
          return undefined;
        },
      });
    } finally {
      await publisher.goodbye();
    }
  }

  private stamped({ type, isFrame, body }: ClipTag): Uint8Array {
    if (type !== 'video' || !isFrame) return body;
    const nowMs = performance.now();
    this.sentAtMs.push(nowMs);
    if (!this.uplink.isSilent && !this.isLost) {
      this.throughAtMs.push(nowMs);
      if (this.connectedSinceMs === undefined && this.sentAtMs.length > 1) this.returns++;
      this.connectedSinceMs ??= nowMs;
    }
    return stampFrame(body, this.sentAtMs.length - 1);
  }
}

import type { IngestRhythm } from '../api/live-control.ts';
import type { Clock } from '../base/clock.ts';
import { broadcastFindings } from '../doctor/broadcast/broadcast-findings.ts';
import { BroadcastObserver } from '../doctor/broadcast/broadcast-observer.ts';
import { describeFinding } from '../doctor/broadcast/finding-texts.ts';
import { type BroadcastObservation, observe } from '../doctor/broadcast/observation.ts';
import type { StreamFinding } from '../doctor/broadcast/stream-finding.ts';
import type { Publication, PublishPolicy } from '../stream/publication.ts';

export interface BroadcastCheckupOptions {
  /** `hls.segment`. */
  readonly segmentMs: number;
  readonly clock: Clock;
  /** Hears each sentence once: for the log and the events. */
  readonly tell: (type: string, text: string) => void;
}

/** Looks at what the newest publisher of a broadcast sends, and keeps what is to be told of it. */
export class BroadcastCheckup {
  private readonly options: BroadcastCheckupOptions;
  private observer: BroadcastObserver | undefined;
  private maxBitrateBps: number | undefined;
  private latest: readonly StreamFinding[] = [];
  private seen: BroadcastObservation | undefined;
  /** What was found once and stays so. */
  private readonly standing: StreamFinding[] = [];
  private readonly told = new Set<string>();

  constructor(options: BroadcastCheckupOptions) {
    this.options = options;
  }

  get findings(): readonly StreamFinding[] {
    return this.standing.length === 0 ? this.latest : [...this.latest, ...this.standing];
  }

  /** How regularly frames came, when it was last looked at. */
  get rhythm(): Omit<IngestRhythm, 'fps'> {
    const { keyframeIntervalMs, jitterMs, skewMs, firstSkewMs } = this.seen ?? {};
    const avDriftMs = skewMs === undefined || firstSkewMs === undefined ? undefined : firstSkewMs - skewMs;
    return { keyframeIntervalMs, jitterMs, avDriftMs };
  }

  /** A new connection publishes: what it sends is looked at on its way. */
  attend(publication: Publication, policy: PublishPolicy): Publication {
    const observer = new BroadcastObserver();
    const { clock } = this.options;
    this.observer = observer;
    this.expect(policy);
    return {
      videoConfig: (config) => {
        observer.configure(config);
        publication.videoConfig(config);
      },
      audioConfig: (config) => {
        observer.configure(config);
        publication.audioConfig(config);
      },
      accessUnit: (unit) => {
        observer.accessUnit(unit, clock.monotonicMs());
        publication.accessUnit(unit);
      },
      end: (how) => {
        this.leave(observer);
        publication.end(how);
      },
      fail: (error) => {
        this.leave(observer);
        publication.fail(error);
      },
    };
  }

  private leave(observer: BroadcastObserver): void {
    if (this.observer === observer) this.observer = undefined;
  }

  /** What it may have from now on. */
  expect({ maxBitrateBps }: PublishPolicy): void {
    this.maxBitrateBps = maxBitrateBps;
  }

  /** This process stood still until now: what comes late is not the publisher's fault. */
  forgive(): void {
    this.observer?.forgive(this.options.clock.monotonicMs());
  }

  /** To be called about once a second. */
  look(): void {
    const { observer, maxBitrateBps } = this;
    const { clock, segmentMs } = this.options;
    this.seen = observer && observe(observer, clock.monotonicMs());
    this.latest = this.seen === undefined ? [] : broadcastFindings(this.seen, { segmentMs, maxBitrateBps });
    for (const finding of this.latest) if (finding.severity === 'warning') this.tellOf(finding);
  }

  /** From now on this is so. */
  stand(code: 'source-replaced' | 'sound-untaken', text: string): void {
    if (this.told.has(text)) return;
    this.standing.push({ code, severity: code === 'source-replaced' ? 'note' : 'warning', figures: { text } });
    this.tellOnce(code, text);
  }

  tellOnce(type: string, text: string): void {
    if (this.told.has(text)) return;
    this.told.add(text);
    this.options.tell(type, text);
  }

  /** The first time in a broadcast. Of keyframes the packager tells, with what it makes of them. */
  private tellOf(finding: StreamFinding): void {
    if (this.told.has(finding.code)) return;
    this.told.add(finding.code);
    if (finding.code === 'keyframes-far-apart') return;
    const { found, means } = describeFinding(finding);
    this.tellOnce(finding.code, `${found} ${means}`);
  }
}

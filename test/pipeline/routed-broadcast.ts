import type { AccessUnit } from '../../src/media/track.ts';
import type { Packager } from '../../src/packager/packager.ts';
import { SourceRoute } from '../../src/pipeline/source-route.ts';
import { streamStartMs } from '../../src/stream/live-stream.ts';
import type { MediaSink, MediaStart } from '../../src/stream/media-sink.ts';
import type { Publication } from '../../src/stream/publication.ts';
import { gridCell, type KeyframeGrid } from '../../src/transcode/keyframe-grid.ts';
import { audioConfig, Broadcast, play, sourceUnits, videoConfig } from '../packager/broadcast.ts';
import { rungConfig } from '../packager/transcoded.ts';
import type { ManualClock } from '../support/manual-clock.ts';

export const segmentMs = 2000;
const rungs = ['360p', '720p'];

/** What ffmpeg makes of a source on a grid, without ffmpeg: each frame comes back a little later, of the smaller rung first. */
class GridEncoder {
  isDown = false;
  private readonly clock: ManualClock;
  private readonly route: SourceRoute;
  private readonly lagMs: number;
  private grid: KeyframeGrid | undefined;
  private reachedMs = Number.NEGATIVE_INFINITY;
  private missed: AccessUnit[] = [];

  constructor(clock: ManualClock, lagMs: number, route: SourceRoute) {
    this.clock = clock;
    this.lagMs = lagMs;
    this.route = route;
  }

  feed(unit: AccessUnit): void {
    this.grid ??= { originMs: unit.dtsMs, intervalMs: segmentMs };
    const frame = { ...unit, data: unit.data.slice() };
    this.clock.after(this.lagMs, () => this.deliver(frame, false));
  }

  /** The source stopped: another beginning has another grid. */
  interrupt(): void {
    this.grid = undefined;
  }

  /** A new process goes on where the one before ended, with a keyframe. */
  restart(): void {
    this.isDown = false;
    for (const [index, frame] of this.missed.splice(0).entries()) this.deliver(frame, index === 0);
  }

  /** A new process, and what came in between is lost. */
  lose(): void {
    this.isDown = false;
    this.missed = [];
  }

  private deliver(frame: AccessUnit, isFirst: boolean): void {
    if (this.isDown) {
      this.missed.push(frame);
      return;
    }
    const grid = this.grid ?? { originMs: frame.dtsMs, intervalMs: segmentMs };
    const isShared = gridCell(grid, frame.dtsMs) > gridCell(grid, this.reachedMs);
    this.reachedMs = frame.dtsMs;
    const { route } = this;
    for (const name of rungs) {
      route.rungAccessUnit(name, { ...frame, isSync: isShared || isFirst }, isShared);
    }
  }
}

/** A broadcast whose source goes through a route, with an encoder on a grid. */
export class RoutedBroadcast {
  readonly broadcast: Broadcast;
  readonly route: SourceRoute;
  readonly encoder: GridEncoder;
  readonly warnings: string[] = [];
  obstacles = 0;
  sourcesAfterAll = 0;
  private publication: Publication | undefined;

  /** `leads`: what the budget says. */
  constructor({ lagMs = 60, leads = true } = {}) {
    let route: SourceRoute | undefined;
    this.broadcast = new Broadcast({
      sinkOf: (packager) => {
        route = this.routeTo(packager, leads);
        return this.sinkBefore(route, packager);
      },
    });
    this.route = route!;
    this.encoder = new GridEncoder(this.broadcast.clock, lagMs, this.route);
  }

  /** A publisher begins. */
  attach(config = videoConfig): void {
    this.publication = this.broadcast.attach();
    this.publication.videoConfig(config);
    this.publication.audioConfig(audioConfig);
  }

  /** Its clock from `fromMs` to `toMs`; its keyframes are `gopFrames` apart, the first at `fromMs`. */
  play(fromMs: number, toMs: number, gopFrames = 250): void {
    const units = sourceUnits({ fps: 30, gopFrames, seconds: (toMs - fromMs) / 1000, startMs: fromMs });
    play(this.broadcast, this.publication!, units);
  }

  lose(): void {
    this.publication!.end('lost');
  }

  /** Time passes without frames; what is promised is kept. */
  async wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.broadcast.wait(100);
      await Promise.resolve();
    }
  }

  /** Where segments of a rendition begin, ms since the stream began, and what is said of them. */
  story(name: string): string[] {
    return this.broadcast.segments(name).map(({ startTicks, isGap, isDiscontinuity }) => {
      const ms = Math.round(startTicks / 90) - streamStartMs;
      return `${isDiscontinuity ? 'D ' : ''}${ms}${isGap ? ' gap' : ''}`;
    });
  }

  private routeTo(packager: Packager, leads: boolean): SourceRoute {
    const route: SourceRoute = new SourceRoute({
      sink: packager,
      wishes: { segmentMs, maxGopMs: 10_000 },
      onObstacle: () => {
        this.obstacles++;
        if (leads) this.seekLead();
        else route.passThrough();
      },
      onLead: (why) => {
        this.warnings.push(why);
        packager.addRung('360p');
      },
      onSourceAfterAll: () => this.sourcesAfterAll++,
    });
    return route;
  }

  private seekLead(): void {
    const frames = this.route.seekLead({ name: '720p', heightPixels: 720 });
    for (const name of rungs) this.route.configureRung(name, rungConfig(Number.parseInt(name, 10)));
    for (const frame of frames ?? []) this.encoder.feed(frame);
  }

  private sinkBefore(route: SourceRoute, packager: Packager): MediaSink {
    return {
      get isGapping() {
        return route.isGapping;
      },
      get endMs() {
        return packager.endMs;
      },
      begin: (start: MediaStart) => {
        this.encoder.interrupt();
        route.begin(start);
      },
      configure: (config) => route.configure(config),
      accessUnit: (unit) => {
        const isEncoded = route.lead !== undefined;
        route.accessUnit(unit);
        if (unit.kind !== 'video') return;
        if (isEncoded) this.encoder.feed(unit);
        route.judge(unit);
      },
      markDiscontinuity: () => route.markDiscontinuity(),
      interrupt: () => route.interrupt(new Promise((resolve) => this.broadcast.clock.after(100, resolve))),
      tick: (nowMs) => route.tick(nowMs),
      end: () => packager.end(),
    };
  }
}

import { availableParallelism } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { isStreamctlError } from '../base/errors.ts';
import type { LadderConfig } from '../config/schema.ts';
import type { Log } from '../observability/log.ts';
import type { MediaSink, RungSink } from '../stream/media-sink.ts';
import { shareBudget } from '../transcode/budget.ts';
import { calibrate, knownCalibration } from '../transcode/calibration.ts';
import { referenceCosts } from '../transcode/cost-model.ts';
import { chooseEncoder } from '../transcode/encoders.ts';
import { findFfmpeg } from '../transcode/ffmpeg-lookup.ts';
import type { TranscodeNotice } from '../transcode/transcode-listener.ts';
import { BroadcastLadder, type LadderMeans, withdrawRungs } from './broadcast-ladder.ts';

export interface TranscodingOptions {
  readonly ladder: LadderConfig;
  /** Distance of keyframes where they are on a grid. */
  readonly segmentMs: number;
  /** Where it is kept what transcoding costs on this machine. */
  readonly calibrationPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** All ladders of this node: finds out once what the machine can do, and shares its CPU among the broadcasts. */
export class Transcoding {
  private readonly options: TranscodingOptions;
  private readonly capacityCores: number;
  /** Older broadcasts first. */
  private readonly ladders = new Map<string, BroadcastLadder>();
  private readonly stopping = new AbortController();
  /** Undefined until it is known; `none`: nothing is transcoded. */
  private means: LadderMeans | 'none' | undefined;
  private lastSaid = '';

  constructor(options: TranscodingOptions) {
    this.options = options;
    this.capacityCores = availableParallelism() * options.ladder.cpuBudgetRatio;
  }

  /** Resolves when it is known what this machine can do and what it costs; broadcasts get their rungs with the first. */
  async start(): Promise<void> {
    this.means = this.options.ladder.mode === 'auto' ? await this.look() : 'none';
    if (this.stopping.signal.aborted) return;
    for (const opened of this.ladders.values()) {
      if (this.means === 'none') opened.giveUp();
      else opened.use(this.means);
    }
    if (this.means !== 'none') await this.measure(this.means);
  }

  private async look(): Promise<LadderMeans | 'none'> {
    const { ladder, segmentMs, calibrationPath: cachePath, clock, log } = this.options;
    const { signal } = this.stopping;
    try {
      const ffmpeg = await findFfmpeg({
        configuredPath: ladder.ffmpegPath,
        searchPath: process.env.PATH ?? '',
        signal,
      });
      const { encoder, trials } = await chooseEncoder(ffmpeg, ladder.encoder, { signal });
      const unusable = trials.flatMap(({ encoder: tried, why }) => (why === undefined ? [] : [`${tried}: ${why}`]));
      if (encoder === undefined) {
        log.warn({ ffmpeg: ffmpeg.path, unusable }, 'no H.264 encoder works: viewers are offered the source alone');
        return 'none';
      }
      const { costs } = (await knownCalibration({ ffmpeg, cachePath })) ?? { costs: referenceCosts };
      const fields = { ffmpeg: ffmpeg.version, path: ffmpeg.path, encoder, unusable, budget_cores: this.capacityCores };
      log.info(fields, 'ready to transcode');
      return { costs, transcoder: { ffmpeg, encoder, keyframeGridMs: segmentMs, clock } };
    } catch (error) {
      if (signal.aborted) return 'none';
      const remedy = isStreamctlError(error) ? error.remedy : undefined;
      log.warn({ err: error, remedy }, 'there is no transcoding: viewers are offered the source alone');
      return 'none';
    }
  }

  /** Until it is measured, transcoding is taken to cost what it costs on the reference machine. */
  private async measure(means: LadderMeans): Promise<void> {
    const { calibrationPath: cachePath, log } = this.options;
    const { signal } = this.stopping;
    const { costs, origin, why } = await calibrate({ ffmpeg: means.transcoder.ffmpeg, cachePath, signal });
    if (signal.aborted) return;
    const ratio = costs.encodePerMegapixel / referenceCosts.encodePerMegapixel;
    log.info({ origin, why, times_reference: Number(ratio.toFixed(2)) }, 'what transcoding costs here');
    this.means = { ...means, costs };
    for (const ladder of this.ladders.values()) ladder.recost(costs);
  }

  /** Ends all that is being made. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.ladders.values()].map((ladder) => ladder.stop()));
  }

  /** What a broadcast hands its media to: `sink` itself where nothing is transcoded. */
  open(id: string, sink: MediaSink & RungSink): MediaSink {
    if (this.means === 'none') {
      withdrawRungs(sink);
      return sink;
    }
    const opened = new BroadcastLadder({
      id,
      sink,
      levels: this.options.ladder.rungs,
      onPlan: () => this.share(),
      notice: (notice) => this.log(id, notice),
      onEnd: () => {
        this.ladders.delete(id);
        this.share();
      },
    });
    this.ladders.set(id, opened);
    if (this.means !== undefined) opened.use(this.means);
    return opened;
  }

  /** Only rungs of these names are made of the broadcast; absent: all that are configured. */
  restrict(id: string, rungs: readonly string[] | undefined): void {
    this.ladders.get(id)?.restrict(rungs);
  }

  /** Sentences about rungs of a broadcast that are not made. */
  withheld(id: string): string[] {
    return (this.ladders.get(id)?.withheld ?? []).map(({ why }) => why);
  }

  private share(): void {
    const wishes = [...this.ladders.values()].map((ladder) => ladder.wishes).filter((wish) => wish !== undefined);
    const shares = shareBudget(wishes, this.capacityCores);
    for (const share of shares) this.ladders.get(share.id)?.take(share);
    const said = JSON.stringify(shares);
    if (said === this.lastSaid) return;
    this.lastSaid = said;
    for (const { id, offered, withheld } of shares) {
      this.options.log.info({ stream: id, rungs: offered, withheld: withheld.map(({ why }) => why) }, 'ladder');
    }
  }

  private log(id: string, notice: TranscodeNotice): void {
    const { log } = this.options;
    const { type, ...facts } = notice;
    if (type === 'log') log.debug({ stream: id, ...facts }, 'ffmpeg says');
    else if (type === 'recovered' || type === 'relieved') log.info({ stream: id, ...facts }, `transcoding: ${type}`);
    else log.warn({ stream: id, ...facts }, `transcoding: ${type}`);
  }
}

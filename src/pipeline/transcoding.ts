import { availableParallelism } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { isStreamctlError } from '../base/errors.ts';
import type { LadderConfig } from '../config/schema.ts';
import type { LadderRungState, LadderView } from '../contract/ladder-view.ts';
import type { Log } from '../observability/log.ts';
import type { MediaSink } from '../stream/media-sink.ts';
import { shareBudget } from '../transcode/budget.ts';
import { calibrate, knownCalibration } from '../transcode/calibration.ts';
import { referenceCosts } from '../transcode/cost-model.ts';
import { chooseEncoder } from '../transcode/encoders.ts';
import { findFfmpeg } from '../transcode/ffmpeg-lookup.ts';
import { BroadcastLadder, type LadderMeans, type LadderSink } from './broadcast-ladder.ts';
import { KeyframeTap } from './keyframe-tap.ts';
import { LadderJournal } from './ladder-journal.ts';
import { LadderTotals } from './ladder-totals.ts';
import type { OpeningWishes } from './opening.ts';
import { RungDemand } from './rung-demand.ts';
import { withdrawRungs } from './rung-offer.ts';
import { StillPictures, thumbnailShortSidePixels } from './still-pictures.ts';
import type { StreamRecorder } from './stream-records.ts';

export interface TranscodingOptions {
  readonly ladder: LadderConfig;
  readonly wishes: OpeningWishes;
  /** Where it is kept what transcoding costs on this machine. */
  readonly calibrationPath: string;
  readonly records: Pick<StreamRecorder, 'ladderChanged' | 'reached'>;
  /** A picture of a broadcast; its bytes are nobody else's. */
  readonly onThumbnail: (streamId: string, jpeg: Uint8Array) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Figures of all ladders of this node. Totals are since the start. */
export interface LadderFigures {
  readonly budgetCores: number;
  readonly promisedCores: number;
  /** How many rungs are in each state. */
  readonly rungs: Readonly<Partial<Record<LadderRungState, number>>>;
  /** The furthest that any rung of the name is behind its source. */
  readonly lagMs: Readonly<Record<string, number>>;
  readonly frames: Readonly<Record<string, number>>;
  readonly droppedFrames: number;
  /** By why. */
  readonly restarts: Readonly<Record<string, number>>;
}

/** All ladders of this node: finds out once what the machine can do, and shares its CPU among the broadcasts. */
export class Transcoding {
  private readonly options: TranscodingOptions;
  private readonly capacityCores: number;
  /** Older broadcasts first. */
  private readonly ladders = new Map<string, BroadcastLadder>();
  private readonly stopping = new AbortController();
  private readonly stills: StillPictures;
  /** Undefined until it is known; `none`: nothing is transcoded. */
  private means: LadderMeans | 'none' | undefined;
  private readonly totals: LadderTotals;
  private readonly journal: LadderJournal;
  /** Why nothing is transcoded although it is wanted. */
  private unavailableWhy: string | undefined;

  constructor(options: TranscodingOptions) {
    this.options = options;
    this.totals = new LadderTotals(options.ladder.rungs.map(({ name }) => name));
    this.journal = new LadderJournal(options.log, options.records, options.clock);
    this.stills = new StillPictures(options.clock, options.log, this.stopping.signal);
    this.capacityCores = availableParallelism() * options.ladder.cpuBudgetRatio;
  }

  /** Resolves when it is known what this machine can do and what it costs; broadcasts get their rungs with the first. */
  async start(): Promise<void> {
    this.means = this.options.ladder.mode === 'off' ? 'none' : await this.look();
    if (this.stopping.signal.aborted) return;
    for (const opened of this.ladders.values()) {
      if (this.means === 'none') opened.giveUp();
      else opened.use(this.means);
    }
    if (this.means !== 'none') await this.measure(this.means);
  }

  private async look(): Promise<LadderMeans | 'none'> {
    const { ladder, wishes, calibrationPath: cachePath, clock, log } = this.options;
    const { signal } = this.stopping;
    try {
      const ffmpeg = await findFfmpeg({
        configuredPath: ladder.ffmpegPath,
        searchPath: process.env.PATH ?? '',
        signal,
      });
      this.stills.use(ffmpeg);
      const { encoder, trials } = await chooseEncoder(ffmpeg, ladder.encoder, { signal });
      const unusable = trials.flatMap(({ encoder: tried, why }) => (why === undefined ? [] : [`${tried}: ${why}`]));
      if (encoder === undefined) {
        log.warn({ ffmpeg: ffmpeg.path, unusable }, 'no H.264 encoder works: viewers are offered the source alone');
        this.unavailableWhy = `No H.264 encoder works with ${ffmpeg.path}.`;
        return 'none';
      }
      const { costs } = (await knownCalibration({ ffmpeg, cachePath })) ?? { costs: referenceCosts };
      const fields = { ffmpeg: ffmpeg.version, path: ffmpeg.path, encoder, unusable, budget_cores: this.capacityCores };
      log.info(fields, 'ready to transcode');
      return {
        costs,
        transcoder: { ffmpeg, encoder, keyframeGridMs: wishes.segmentMs, thumbnailShortSidePixels, clock },
      };
    } catch (error) {
      if (signal.aborted) return 'none';
      const remedy = isStreamctlError(error) ? error.remedy : undefined;
      this.unavailableWhy = (error as Error).message;
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

  /** What a broadcast hands its media to: `sink` itself where ffmpeg has no part in it. `warn` takes a sentence for the operator. */
  open(id: string, sink: LadderSink, warn: (sentence: string) => void): MediaSink {
    if (this.means === 'none') {
      withdrawRungs(sink);
      return this.stills.isPossible ? this.tap(id, sink) : sink;
    }
    const opened = new BroadcastLadder({
      id,
      sink,
      wishes: this.options.wishes,
      demand: this.options.ladder.mode === 'on_demand' ? this.demandOf(id, sink) : undefined,
      levels: this.options.ladder.rungs,
      totals: this.totals,
      clock: this.options.clock,
      onPlan: () => this.share(),
      warn,
      notice: (notice) => this.journal.notice(id, notice),
      rungChanged: (name, state, why) => this.journal.rung(id, name, state, why),
      thumbnail: (jpeg) => {
        tap.drawn();
        this.options.onThumbnail(id, jpeg);
      },
      onEnd: () => {
        this.ladders.delete(id);
        this.journal.forget(id);
        this.share();
      },
    });
    const tap = this.tap(id, opened);
    this.ladders.set(id, opened);
    if (this.means !== undefined) opened.use(this.means);
    return tap;
  }

  private demandOf(id: string, sink: LadderSink): RungDemand {
    const { clock, wishes } = this.options;
    const { capacityCores } = this;
    const onChange = (name: string, isWanted: boolean) => this.journal.demand(id, name, isWanted);
    return new RungDemand({ sink, clock, segmentMs: wishes.segmentMs, capacityCores, onChange });
  }

  private tap(id: string, next: MediaSink): KeyframeTap {
    const { clock, onThumbnail } = this.options;
    return new KeyframeTap({ id, next, stills: this.stills, clock, deliver: (jpeg) => onThumbnail(id, jpeg) });
  }

  /** Only rungs of these names are made of the broadcast; absent: all that are configured. */
  restrict(id: string, rungs: readonly string[] | undefined): void {
    this.ladders.get(id)?.restrict(rungs);
  }

  /** A viewer asks for something of a rung. */
  wanted(id: string, name: string): void {
    this.ladders.get(id)?.wanted(name);
  }

  /** What is made of a broadcast; null where nothing is wanted. */
  view(id: string): LadderView | null {
    const { mode } = this.options.ladder;
    if (mode === 'off') return null;
    const view = this.ladders.get(id)?.view;
    if (view !== undefined) return view;
    const { unavailableWhy: why = null } = this;
    return { ...noLadder, mode, state: this.means === 'none' ? 'unavailable' : 'waiting', why };
  }

  figures(): LadderFigures {
    const { ladders, totals, capacityCores: budgetCores } = this;
    const rungs: Partial<Record<LadderRungState, number>> = {};
    const lagMs: Record<string, number> = {};
    let promisedCores = 0;
    for (const ladder of ladders.values()) {
      promisedCores += ladder.promisedCores;
      for (const { name, state, lag_ms: lag } of ladder.view?.rungs ?? []) {
        rungs[state] = (rungs[state] ?? 0) + 1;
        const label = totals.labelOf(name);
        if (lag !== null) lagMs[label] = Math.max(lag, lagMs[label] ?? 0);
      }
    }
    const { frames, droppedFrames, restarts } = totals;
    return {
      budgetCores,
      promisedCores,
      rungs,
      lagMs,
      frames: { ...frames },
      droppedFrames,
      restarts: { ...restarts },
    };
  }

  /** Sentences about rungs of a broadcast that are not made. */
  withheld(id: string): string[] {
    return (this.ladders.get(id)?.withheld ?? []).map(({ why }) => why);
  }

  private share(): void {
    const wishes = [...this.ladders.values()].map((ladder) => ladder.wishes).filter((wish) => wish !== undefined);
    const shares = shareBudget(wishes, this.capacityCores);
    for (const share of shares) {
      this.ladders.get(share.id)?.take(share);
      this.journal.planned(share);
    }
  }
}

const noLadder = {
  ...{ encoder: null, promised_cores: 0, speed: null },
  ...{ starts: 0, failures: 0, stalls: 0, dropped_frames: 0 },
  rungs: [],
};

import type { Clock } from '../base/clock.ts';
import type { EventType } from '../contract/event-types.ts';
import type { Log } from '../observability/log.ts';
import type { JsonValue } from '../store/ports/json-value.ts';
import type { BudgetShare } from '../transcode/budget.ts';
import type { RungState, TranscodeNotice } from '../transcode/transcode-listener.ts';
import type { StreamRecorder } from './stream-records.ts';

/** Events of one broadcast's ladder; what goes wrong all the time would fill the store. */
const maxEventsPerHour = 60;
const hourMs = 3_600_000;

interface Story {
  planned: string;
  isDegraded: boolean;
  readonly withdrawn: Set<string>;
  readonly live: Set<string>;
  readonly eventsAtMs: number[];
  suppressed: number;
}

/** What happens to ladders, for the log and the event list: only what changes, and of one broadcast not too much. */
export class LadderJournal {
  private readonly log: Log;
  private readonly records: Pick<StreamRecorder, 'ladderChanged' | 'reached'>;
  private readonly clock: Clock;
  private readonly stories = new Map<string, Story>();

  constructor(log: Log, records: Pick<StreamRecorder, 'ladderChanged' | 'reached'>, clock: Clock) {
    this.log = log;
    this.records = records;
    this.clock = clock;
  }

  /** The budget's decision about a broadcast; the same again is no news. */
  planned({ id, offered, withheld }: BudgetShare): void {
    const story = this.storyOf(id);
    const planned = JSON.stringify([offered, withheld.map(({ name }) => name)]);
    if (planned === story.planned) return;
    story.planned = planned;
    const refusals = withheld.map(({ name, why }) => ({ rung: name, why }));
    this.log.info({ stream: id, rungs: offered, withheld: withheld.map(({ why }) => why) }, 'ladder planned');
    this.write(id, 'ladder.planned', { rungs: [...offered], withheld: refusals }, offered);
  }

  rung(id: string, name: string, state: RungState, why: string): void {
    const { withdrawn, live } = this.storyOf(id);
    if (state === 'withdrawn') live.delete(name);
    else if (state === 'live' && !live.has(name)) {
      live.add(name);
      this.records.reached(id, { type: 'rung-live', rung: name });
    }
    if (state === 'withdrawn' && !withdrawn.has(name)) {
      withdrawn.add(name);
      this.log.info({ stream: id, rung: name, why }, 'rung withdrawn');
      this.write(id, 'rung.withdrawn', { rung: name, why });
    } else if (state === 'live' && withdrawn.delete(name)) {
      this.log.info({ stream: id, rung: name }, 'rung is back');
      this.write(id, 'rung.restored', { rung: name });
    }
  }

  /** Where rungs are made on demand. */
  demand(id: string, name: string, isWanted: boolean): void {
    this.log.info({ stream: id, rung: name }, isWanted ? 'rung is asked for' : 'rung rests: nobody watches it');
    this.write(id, isWanted ? 'rung.wanted' : 'rung.rested', { rung: name });
  }

  notice(id: string, notice: TranscodeNotice): void {
    const { log } = this;
    const story = this.storyOf(id);
    const { type, ...facts } = notice;
    switch (notice.type) {
      case 'log':
        log.debug({ stream: id, ...facts }, 'ffmpeg says');
        return;
      case 'recovered':
        log.info({ stream: id, ...facts }, 'transcoding: recovered');
        story.isDegraded = false;
        this.write(id, 'ladder.recovered', { after_ms: notice.afterMs, skipped_ms: notice.skippedMs });
        return;
      case 'failed':
        log.warn({ stream: id, ...facts }, 'transcoding: failed');
        this.write(id, 'ladder.failed', { reason: notice.reason, why: notice.why });
        return;
      case 'degraded':
        log.warn({ stream: id, ...facts }, 'transcoding: degraded');
        if (!story.isDegraded) this.write(id, 'ladder.degraded', { reason: notice.reason, why: notice.why });
        story.isDegraded = true;
        return;
      case 'overloaded':
        log.warn({ stream: id, ...facts }, 'transcoding: overloaded');
        this.write(id, 'ladder.overloaded', { reaction: notice.reaction, lag_ms: Math.round(notice.lagMs) });
        return;
      case 'relieved':
        log.info({ stream: id, ...facts }, 'transcoding: relieved');
        this.write(id, 'ladder.relieved', { reaction: notice.reaction });
        return;
      default:
        log.warn({ stream: id, ...facts }, `transcoding: ${type}`);
        this.write(
          id,
          type === 'encoder-replaced' ? 'ladder.encoder_replaced' : 'ladder.unexpected_codec',
          facts as Record<string, JsonValue>,
        );
    }
  }

  /** The broadcast is over. */
  forget(id: string): void {
    this.stories.delete(id);
  }

  private storyOf(id: string): Story {
    let story = this.stories.get(id);
    if (story === undefined) {
      story = { planned: '', isDegraded: false, withdrawn: new Set(), live: new Set(), eventsAtMs: [], suppressed: 0 };
      this.stories.set(id, story);
    }
    return story;
  }

  private write(id: string, type: EventType, payload: Record<string, JsonValue>, rungs?: readonly string[]): void {
    const story = this.storyOf(id);
    const { eventsAtMs } = story;
    const nowMs = this.clock.monotonicMs();
    while (eventsAtMs[0] !== undefined && nowMs - eventsAtMs[0] >= hourMs) eventsAtMs.shift();
    if (eventsAtMs.length >= maxEventsPerHour) {
      story.suppressed++;
      return;
    }
    eventsAtMs.push(nowMs);
    const leftOut = story.suppressed;
    story.suppressed = 0;
    this.records.ladderChanged(id, type, leftOut === 0 ? payload : { ...payload, events_left_out: leftOut }, rungs);
  }
}

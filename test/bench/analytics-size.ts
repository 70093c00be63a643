import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { MinuteRow } from '../../src/store/ports/minute-store.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { randomSource } from '../support/random-sessions.ts';
import { someEvent, someStream } from '../support/rows.ts';
import { distributionOf } from './percentiles.ts';
import type { Report } from './report.ts';
import { keeperMissing, openKeeper, type SessionKeeper, type SessionKeeperName } from './session-keepers.ts';
import { type Question, type SessionSpan, sessionQuestions } from './session-questions.ts';

export interface AnalyticsOptions {
  readonly sessions: number;
  readonly keepers: readonly SessionKeeperName[];
  /** That the sessions are of. */
  readonly broadcasts: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const week = { fromMs: Date.UTC(2026, 10, 1), days: 7, longStream: 'st1' } as const;
const untilMs = week.fromMs + week.days * dayMs;
/** Sessions that are made at a time, of one stretch of the week: they come in the order in which they end, more or less. */
const madeAtOnce = 10_000;
/** As many hours as a series has points at most. */
const longMinutes = 1500 * 60;
const minutesAtOnce = 500;
const rounds = 20;

/** Sessions of a week of broadcasts, written as the product writes them and asked about at each of those who can keep them. */
export async function benchAnalytics(
  { sessions, keepers, broadcasts }: AnalyticsOptions,
  report: Report,
): Promise<void> {
  const span: SessionSpan = { ...week, streams: broadcasts };
  const channels = new Map(Array.from({ length: broadcasts }, (_, index) => [`st${index + 1}`, `show-${index % 10}`]));
  const columns: [SessionKeeperName, Record<string, number>][] = [];
  for (const name of keepers) {
    const missing = keeperMissing(name);
    if (missing !== undefined) {
      report.progress(`left out: ${missing}`);
      continue;
    }
    report.progress(`${name}: ${sessions} sessions …`);
    const keeper = await openKeeper[name](channels);
    try {
      const loadBefore = load();
      const beganMs = performance.now();
      const figures = await measure(keeper, sessions, span, channels);
      report.line({
        keeper: name,
        sessions,
        broadcasts,
        figures,
        loadBefore,
        loadAfter: load(),
        seconds: secondsSince(beganMs),
      });
      columns.push([name, figures]);
    } finally {
      await keeper.close();
    }
  }
  const names = [...new Set(columns.flatMap(([, figures]) => Object.keys(figures)))];
  report.table([
    ['', ...columns.map(([name]) => name)],
    ...names.map((name) => [name, ...columns.map(([, figures]) => figures[name] ?? '')]),
  ]);
}

async function measure(
  keeper: SessionKeeper,
  sessions: number,
  span: SessionSpan,
  channels: ReadonlyMap<string, string>,
): Promise<Record<string, number>> {
  await writeStreams(keeper.store, channels);
  const source = randomSource(1);
  let writtenMs = 0;
  for (let made = 0; made < sessions; made += madeAtOnce) {
    const count = Math.min(madeAtOnce, sessions - made);
    const stretchMs = Math.floor((untilMs - week.fromMs) * (count / sessions));
    const fromMs = week.fromMs + Math.floor((untilMs - week.fromMs) * (made / sessions));
    const rows = source
      .sessions(count, fromMs, stretchMs, span.streams)
      // As long and as random as real ones.
      .map((row) => ({ ...row, id: `vs_${randomBytes(9).toString('base64url')}` }));
    const sinceMs = performance.now();
    await keeper.write(rows);
    writtenMs += performance.now() - sinceMs;
  }
  const sizeBytes = await keeper.settle();
  await writeMinutes(keeper.store);
  const figures: Record<string, number> = {
    'sessions written a second': Math.round((sessions * 1000) / writtenMs),
    'on disk, MB': Math.round(sizeBytes / 1e5) / 10,
  };
  for (const [name, question] of Object.entries(sessionQuestions(keeper, span))) {
    figures[`${name}, ms`] = await p95(question);
  }
  return figures;
}

async function writeStreams(store: Store, channels: ReadonlyMap<string, string>): Promise<void> {
  for (const [id, channel] of channels) {
    const row = someStream({ id, channel, state: 'ENDED_GRACEFULLY', createdAtMs: week.fromMs, endedAtMs: untilMs });
    await store.streams.create(row, someEvent({ streamId: id }));
  }
}

async function writeMinutes(store: Store): Promise<void> {
  for (let back = longMinutes; back > 0; back -= minutesAtOnce) {
    const rows = Array.from({ length: Math.min(back, minutesAtOnce) }, (_, at) =>
      minuteAt(untilMs - (back - at) * minuteMs),
    );
    await store.minutes.save(rows);
  }
}

function minuteAt(atMs: number): MinuteRow {
  return {
    ...{ streamId: week.longStream, atMs, viewers: 40.25, viewersPeak: 50, fps: 30, rebufferRatio: 0.001 },
    ...{ bitrateInBps: 4_000_000, bitrateOutBps: 160_000_000, frames: 1800, droppedFrames: 0 },
    ...{ latencyP50Ms: 180, latencyP95Ms: 420 },
  };
}

/** ms, of twenty. */
async function p95(ask: Question): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sinceMs = performance.now();
    await ask(round);
    times.push(performance.now() - sinceMs);
  }
  return Math.round(distributionOf(times)!.p95);
}

function secondsSince(ms: number): number {
  return Math.round((performance.now() - ms) / 1000);
}

/** Processes that want to run, over the last minute. */
function load(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}

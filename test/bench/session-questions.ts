import { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from '../../src/api/api-env.ts';
import type { LiveControl } from '../../src/api/live-control.ts';
import { addSessionRoutes } from '../../src/api/session-routes.ts';
import { addStreamMetricsRoutes } from '../../src/api/stream-metrics-routes.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { HistoryRange } from '../../src/store/ports/session-history.ts';
import type { SessionKeeper } from './session-keepers.ts';

/** What was written. */
export interface SessionSpan {
  readonly fromMs: number;
  readonly days: number;
  readonly streams: number;
  /** Of the stream with the longest history of minutes. */
  readonly longStream: string;
}

/** Asks, in round `round`, about another stream. */
export type Question = (round: number) => Promise<unknown>;

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Nothing runs: all is history. */
const nothingLive: LiveControl = {
  list: () => [],
  get: () => undefined,
  announce: () => Promise.reject(new Error('nothing is announced here')),
  stop: async () => false,
  status: () => ({ publishers: 0, viewers: 0, requestsTotal: 0, warnings: [] }),
};

/** What the API is asked of a broadcast that has ended, and apart from that what `GET /metrics/ID` asks of those who keep its sessions. */
export function sessionQuestions({ store, warehouse }: SessionKeeper, span: SessionSpan): Record<string, Question> {
  const { fromMs, days, streams, longStream } = span;
  const history = warehouse ?? store.sessions;
  const untilMs = fromMs + days * dayMs;
  const api = new OpenAPIHono<ApiEnv>();
  addSessionRoutes(api, { store, live: nothingLive, sessionsOf: () => history });
  addStreamMetricsRoutes(api, { store, live: nothingLive, clock: systemClock, historyOf: () => history });
  const ask = async (path: string) => {
    const response = await api.request(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { readonly next_cursor?: string | null };
  };
  const stream = (round: number) => `st${1 + (round % streams)}`;
  const ofStream = (round: number): HistoryRange => ({ fromMs, untilMs, streamId: stream(round) });
  const metrics = (streamId: string, resolution: string, hours: number) =>
    ask(
      `/metrics/${streamId}?resolution=${resolution}&from=${isoTime(untilMs - hours * hourMs)}&to=${isoTime(untilMs)}`,
    );
  let cursor: string | null | undefined;
  return {
    'sessions of a broadcast, the first 100': (round) => ask(`/streams/${stream(round)}/sessions?limit=100`),
    'the next 1,000, page by page': async () => {
      const behind = cursor ? `&cursor=${cursor}` : '';
      cursor = (await ask(`/streams/${stream(0)}/sessions?limit=1000${behind}`)).next_cursor;
    },
    'metrics of a broadcast, all of it': (round) => ask(`/metrics/${stream(round)}`),
    'metrics, minutes of six hours': () => metrics(longStream, '1m', 6),
    'metrics, hours of a week': () => metrics(longStream, '1h', 168),
    'metrics, hours of two months': () => metrics(longStream, '1h', 1500),
    'of these: experience of a broadcast': (round) => history.experience(ofStream(round)),
    'its qualities': (round) => history.byQuality(ofStream(round)),
    'its players': (round) => history.byPlayer(ofStream(round)),
    'its countries': (round) => history.byCountry(ofStream(round)),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

import type { LiveUpdate } from '../client/live-metrics.ts';
import type { NodeMetrics, StreamMetrics } from '../contract/live-metrics.ts';
import { eventOf, type TopEvent } from './event-line.ts';
import { extendHistory, type StreamHistory } from './history.ts';

export const sortOrders = ['channel', 'health', 'viewers', 'bitrate', 'latency'] as const;
export type SortOrder = (typeof sortOrders)[number];

const keptEvents = 200;

/** All that the screen shows is made of this. */
export interface TopState {
  /** As it was told last; undefined before the first snapshot. */
  readonly node: NodeMetrics | undefined;
  /** Null while news come in. */
  readonly gone: { readonly why: string; readonly retryAtMs: number } | null;
  readonly history: ReadonlyMap<string, StreamHistory>;
  /** Newest last. */
  readonly events: readonly TopEvent[];
  readonly view: 'streams' | 'depth';
  readonly dialog: 'none' | 'help' | 'stop' | 'filter';
  readonly selectedId: string | undefined;
  readonly sort: SortOrder;
  /** Only channels with this in their name. */
  readonly filter: string;
  /** Lines of the view in depth that are above the screen. */
  readonly scrolled: number;
  /** What was just done, in words. */
  readonly notice: { readonly text: string; readonly untilMs: number } | null;
}

export const firstState: TopState = {
  node: undefined,
  gone: null,
  history: new Map(),
  events: [],
  view: 'streams',
  dialog: 'none',
  selectedId: undefined,
  sort: 'channel',
  filter: '',
  scrolled: 0,
  notice: null,
};

export function receive(state: TopState, update: LiveUpdate): TopState {
  switch (update.kind) {
    case 'gone':
      return { ...state, gone: { why: update.why, retryAtMs: update.retryAtMs } };
    case 'snapshot': {
      const { node } = update;
      const next = { ...state, gone: null, node, history: extendHistory(state.history, node.streams) };
      const selectedId = selectedStream(next)?.stream_id;
      // What was asked of a stream is not asked of the one that takes its place.
      const dialog = state.dialog === 'stop' && selectedId !== state.selectedId ? 'none' : state.dialog;
      return { ...next, selectedId, dialog };
    }
    case 'notice': {
      const event = eventOf(update.message);
      return event === undefined ? state : { ...state, events: [...state.events.slice(1 - keptEvents), event] };
    }
  }
}

/** What the table lists, in its order. */
export function shownStreams({ node, filter, sort }: TopState): readonly StreamMetrics[] {
  const wanted = (node?.streams ?? []).filter(({ channel }) => channel.includes(filter));
  return wanted.sort((a, b) => rank(b, sort) - rank(a, sort) || (a.channel < b.channel ? -1 : 1));
}

/** The one that was selected; once that is gone, the first. */
export function selectedStream(state: TopState): StreamMetrics | undefined {
  const streams = shownStreams(state);
  return streams.find(({ stream_id: id }) => id === state.selectedId) ?? streams[0];
}

/** Highest first. */
function rank(stream: StreamMetrics, sort: SortOrder): number {
  switch (sort) {
    case 'channel':
      return 0;
    case 'health':
      return ['good', 'fair', 'poor'].indexOf(stream.health);
    case 'viewers':
      return stream.viewers;
    case 'bitrate':
      return stream.ingest?.bitrate_bps ?? 0;
    case 'latency':
      return stream.latency_ms.listed.p95 ?? 0;
  }
}

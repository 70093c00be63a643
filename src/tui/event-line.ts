import type { LiveMessage } from '../contract/live-metrics.ts';
import { type Line, printable, segment } from './line.ts';

/** Something that was told while we looked on. */
export interface TopEvent {
  readonly time: string;
  readonly streamId: string | null;
  readonly text: string;
}

/** Undefined for what is no event: a snapshot, or that of before nothing more is known. */
export function eventOf({ type, time, stream_id: streamId, data }: LiveMessage): TopEvent | undefined {
  if (type === 'snapshot' || (type === 'lost' && typeof data.count !== 'number')) return undefined;
  return { time, streamId, text: printable(sentence(type, data)) };
}

const stateWords: Readonly<Record<string, string>> = {
  PENDING_INGEST: 'waiting for its publisher',
  ACTIVE: 'live',
  ENDED_GRACEFULLY: 'ended',
  ERROR: 'failed',
};

function sentence(type: Exclude<LiveMessage['type'], 'snapshot'>, data: LiveMessage['data']): string {
  switch (type) {
    case 'state':
      return `${stateWords[String(data.state)] ?? String(data.state)}${because(data.reason)}`;
    case 'interruption':
      return data.interrupted_since === null ? 'the publisher is back' : `the publisher is away${because(data.why)}`;
    case 'quality':
      return `${String(data.rung)}: ${String(data.state).replace('_', ' ')}${because(data.why)}`;
    case 'lost':
      return `${String(data.count)} notices were left out: this reader was too slow`;
    case 'key':
    case 'event':
      return `${String(data.type ?? type)}${because(reasonOf(data))}`;
  }
}

function because(why: unknown): string {
  return typeof why === 'string' && why !== '' ? ` (${why})` : '';
}

function reasonOf(data: LiveMessage['data']): unknown {
  const payload = typeof data.payload === 'object' && data.payload !== null ? data.payload : data;
  const { rung, reaction, why, reason, text } = payload as Record<string, unknown>;
  return [rung, reaction, why ?? reason ?? text].filter((word) => typeof word === 'string').join(': ');
}

/** `channel` is left out where all events are of one stream. */
export function eventLine({ time, text }: TopEvent, channel: string | undefined): Line {
  const clock = new Date(time).toTimeString().slice(0, 8);
  return [segment(`${clock} `, 'dim'), segment(channel === undefined ? text : `${channel}: ${text}`)];
}

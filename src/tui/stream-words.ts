import type { StreamMetrics } from '../contract/live-metrics.ts';
import type { Tone } from './line.ts';

export function stateWord({ state, interrupted_since: interruptedSince }: StreamMetrics): string {
  switch (state) {
    case 'ACTIVE':
      return interruptedSince === null ? 'live' : 'interrupted';
    case 'PENDING_INGEST':
      return 'waiting';
    case 'ENDED_GRACEFULLY':
      return 'ended';
    case 'ERROR':
      return 'failed';
  }
}

export function stateTone(stream: StreamMetrics): Tone {
  const word = stateWord(stream);
  if (word === 'live') return 'good';
  return word === 'interrupted' || word === 'waiting' ? 'fair' : 'poor';
}

/** `720p 480p (1080p)`: in parentheses what is not made now; `source` where nothing is transcoded. */
export function ladderWords({ ladder }: StreamMetrics): string {
  if (ladder === null) return 'source only';
  if (ladder.rungs.length === 0) return ladder.state.replace('_', ' ');
  return ladder.rungs.map(({ name, state }) => (state === 'live' ? name : `(${name})`)).join(' ');
}

/** `2 of 4 live`. */
export function ladderCount({ ladder }: StreamMetrics): string {
  if (ladder === null) return 'source only';
  if (ladder.rungs.length === 0) return ladder.state.replace('_', ' ');
  const wanted = ladder.rungs.filter(({ state }) => state !== 'left_out');
  return `${wanted.filter(({ state }) => state === 'live').length} of ${wanted.length} live`;
}

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

/** `720p 480p (1080p)`: in parentheses what is not made now. */
export function ladderWords(stream: StreamMetrics): string {
  const rungs = wantedRungs(stream);
  if (rungs.length === 0) return 'source only';
  return rungs.map(({ name, state }) => (state === 'live' ? name : `(${name})`)).join(' ');
}

/** `2 of 4 live`. */
export function ladderCount(stream: StreamMetrics): string {
  const rungs = wantedRungs(stream);
  if (rungs.length === 0) return 'source only';
  return `${rungs.filter(({ state }) => state === 'live').length} of ${rungs.length} live`;
}

function wantedRungs({ ladder }: StreamMetrics) {
  return ladder?.rungs.filter(({ state }) => state !== 'left_out') ?? [];
}

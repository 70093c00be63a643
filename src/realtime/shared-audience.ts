import type { LiveAudience, QualityAudience } from '../analytics/ports.ts';
import type { NodeReport } from './node-report.ts';

/** Who watches at this node and at all others. Their sessions are this node's own. */
export function sharedAudience(own: LiveAudience, otherNodes: () => readonly NodeReport[]): LiveAudience {
  const elsewhere = (streamId: string) =>
    otherNodes().flatMap(({ streams }) => streams.filter(({ id }) => id === streamId));
  return {
    viewers: (streamId) => elsewhere(streamId).reduce((sum, { viewers }) => sum + viewers, own.viewers(streamId)),
    qualities: (streamId) =>
      summed([
        ...own.qualities(streamId).map(({ name, viewers }) => [name, viewers] as const),
        ...elsewhere(streamId).flatMap(({ qualities }) => qualities),
      ]),
    recent: (streamId) => own.recent(streamId),
    sessions: (streamId) => own.sessions(streamId),
  };
}

function summed(counts: readonly (readonly [name: string, viewers: number])[]): QualityAudience[] {
  const sums = new Map<string, number>();
  for (const [name, viewers] of counts) sums.set(name, (sums.get(name) ?? 0) + viewers);
  return [...sums].map(([name, viewers]) => ({ name, viewers })).sort((a, b) => b.viewers - a.viewers);
}

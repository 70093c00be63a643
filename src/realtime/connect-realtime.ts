import type { LiveAudience } from '../analytics/ports.ts';
import type { Clock } from '../base/clock.ts';
import type { RealtimeTarget } from '../config/realtime-url.ts';
import type { Log } from '../observability/log.ts';
import type { NodeReport } from './node-report.ts';
import { sharedAudience } from './shared-audience.ts';
import { SharedCounters } from './shared-counters.ts';

export interface RealtimeStats {
  /** Over all nodes, this one included. */
  readonly nodes: number;
  readonly publishers: number;
  readonly viewers: number;
  readonly failures: number;
  readonly isHealthy: boolean;
}

export interface Realtime {
  /** Of all nodes. */
  readonly audience: LiveAudience;
  readonly isHealthy: () => boolean;
  warnings(): string[];
  onChange(listener: () => void): () => void;
  /** Undefined where each node knows of itself alone. */
  stats(): RealtimeStats | undefined;
  stop(): Promise<void>;
}

export interface RealtimeOptions {
  readonly target: RealtimeTarget;
  /** Of this node: the same after a restart, another for every other node. */
  readonly nodeId: string;
  readonly audience: LiveAudience & { readonly streamIds: () => readonly string[] };
  readonly publishers: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Begins to count viewers and publishers over all nodes, where Redis is configured; what it needs is loaded only then. */
export async function connectRealtime(options: RealtimeOptions): Promise<Realtime> {
  const { target, nodeId, audience, clock, log } = options;
  if (target.kind === 'memory') {
    return {
      audience,
      isHealthy: () => true,
      warnings: () => [],
      onChange: () => () => {},
      stats: () => undefined,
      stop: async () => {},
    };
  }
  const { PresenceLink } = await import('./presence-link.ts');
  const report = () => reportOf(options);
  const counters = new SharedCounters({ presence: new PresenceLink(target, nodeId), report, clock, log });
  await counters.start();
  return {
    audience: sharedAudience(audience, () => counters.otherNodes()),
    isHealthy: () => counters.isHealthy,
    warnings: () => counters.warnings(),
    onChange: (listener) => counters.onChange(listener),
    stats: () => statsOf([report(), ...counters.otherNodes()], counters),
    stop: () => counters.stop(),
  };
}

function reportOf({ audience, publishers }: RealtimeOptions): NodeReport {
  const streams = audience.streamIds().map((id) => ({
    id,
    viewers: audience.viewers(id),
    qualities: audience.qualities(id).map(({ name, viewers }): [string, number] => [name, viewers]),
  }));
  return { publishers: publishers(), streams: streams.filter(({ viewers }) => viewers > 0) };
}

function statsOf(nodes: readonly NodeReport[], { failures, isHealthy }: SharedCounters): RealtimeStats {
  const viewersOf = ({ streams }: NodeReport) => streams.reduce((sum, { viewers }) => sum + viewers, 0);
  return {
    nodes: nodes.length,
    publishers: nodes.reduce((sum, { publishers }) => sum + publishers, 0),
    viewers: nodes.reduce((sum, node) => sum + viewersOf(node), 0),
    failures,
    isHealthy,
  };
}

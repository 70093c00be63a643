import { ExperienceTotals } from '../../src/analytics/experience-totals.ts';
import { systemClock } from '../../src/base/clock.ts';
import { TimeHistogram } from '../../src/base/time-histogram.ts';
import type { MetricSources } from '../../src/metrics/metric.ts';
import { Prober } from '../../src/prober/prober.ts';
import type { Engine } from '../../src/threads/engine.ts';

/** Metrics of a node of which nothing is known but its engine. */
export function quietSources(engine: Engine): MetricSources {
  const writeSeconds = new TimeHistogram([1]).figures();
  const experience = new ExperienceTotals();
  const prober = new Prober({
    clock: systemClock,
    log: { warn() {} },
    streams: () => [],
    token: async () => undefined,
  });
  return {
    engine,
    media: () => undefined,
    control: () => undefined,
    store: () => ({ isHealthy: true, waitingWrites: 0, lostWrites: 0, restarts: 0, writeSeconds }),
    receivers: () => [],
    viewers: () => ({ viewers: 3, sessions: 4, sessionsDropped: 0, reportsDropped: 0, rowsLost: 0 }),
    experience: () => experience.figures(),
    prober: () => prober.figures(),
    host: () => ({
      ...{ version: '1.2.3', startedAtMs: 0, configGeneration: 1, clockShiftMs: 0, certificates: [] },
      ...{ openFds: 1, maxFds: 2, diskFreeBytes: 3, diskSizeBytes: 4 },
    }),
    allNodes: () => undefined,
    warehouse: () => undefined,
    sockets: () => undefined,
    spans: () => undefined,
  };
}

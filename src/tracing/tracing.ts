import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import { type OtlpReceiver, otlpSender } from './otlp-sender.ts';
import { SpanQueue, type SpanQueueStats } from './span-queue.ts';
import type { StreamTraces } from './stream-traces.ts';

export interface TracingOptions extends OtlpReceiver {
  readonly traces: StreamTraces;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export interface Tracing {
  stats(): SpanQueueStats;
  /** What the operator should know now. */
  warnings(): readonly string[];
  /** Tells what is under way as far as it went, and sends what is waiting, for two seconds at most. */
  stop(): Promise<void>;
}

const stopGraceMs = 2000;

/** Sends the spans of all broadcasts to a receiver. Broadcasts that run already are traced from their next span on. */
export async function startTracing({ traces, clock, log, ...receiver }: TracingOptions): Promise<Tracing> {
  const sender = await otlpSender(receiver);
  const queue = new SpanQueue({
    send: sender.send,
    clock,
    onTrouble: (why) => {
      if (why === undefined) log.info('the receiver of traces takes spans again');
      else log.warn({ why }, 'the receiver of traces takes no spans; they wait, and the oldest are given up');
    },
  });
  traces.sendTo((span) => queue.add(span));
  return {
    stats: () => queue.stats(),
    warnings: () => warningsOf(queue.stats()),
    stop: async () => {
      traces.suspend();
      const patience = new Promise<void>((resolve) => {
        clock.after(stopGraceMs, resolve);
      });
      await Promise.race([queue.stop().then(sender.stop), patience]);
    },
  };
}

function warningsOf({ trouble, waiting, dropped }: SpanQueueStats): string[] {
  if (trouble !== undefined) {
    return [
      `the receiver of traces (tracing.otlp) takes no spans: ${trouble}; ${waiting} wait, ${dropped} were given up`,
    ];
  }
  return dropped > 0 ? [`${dropped} spans of traces were given up while their receiver was away`] : [];
}

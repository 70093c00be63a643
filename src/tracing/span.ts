import { newSpanId, type SpanContext } from './trace-context.ts';

/** Values that are not text of unbounded length, and never a secret or an address. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanEvent {
  readonly name: string;
  /** Wall clock. */
  readonly atMs: number;
  readonly attributes: SpanAttributes;
}

/** Something that took its time, and is over. */
export interface FinishedSpan extends SpanContext {
  readonly name: string;
  readonly parentSpanId: string | undefined;
  /** Wall clock. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  readonly events: readonly SpanEvent[];
  /** Why it failed, where it did. */
  readonly error: string | undefined;
}

/** Takes a span over, to be sent. Never blocks or throws. */
export type SpanSink = (span: FinishedSpan) => void;

export interface SpanBeginning {
  readonly traceId: string;
  readonly parentSpanId?: string | undefined;
  /** A new one when it is left out. */
  readonly spanId?: string | undefined;
  readonly name: string;
  readonly startMs: number;
  readonly attributes?: SpanAttributes | undefined;
}

/** Of one span; what comes after is left out, and counted. */
const maxEvents = 128;

/** A span that is under way. */
export class OpenSpan {
  readonly spanId: string;
  readonly startMs: number;
  private readonly beginning: SpanBeginning;
  private readonly events: SpanEvent[] = [];
  private eventsLeftOut = 0;

  constructor(beginning: SpanBeginning) {
    this.beginning = beginning;
    this.spanId = beginning.spanId ?? newSpanId();
    this.startMs = beginning.startMs;
  }

  event(name: string, atMs: number, attributes: SpanAttributes = {}): void {
    if (this.events.length < maxEvents) this.events.push({ name, atMs, attributes });
    else this.eventsLeftOut++;
  }

  finish(endMs: number, attributes: SpanAttributes = {}, error?: string): FinishedSpan {
    const { traceId, parentSpanId, name, startMs, attributes: known } = this.beginning;
    return {
      ...{ traceId, spanId: this.spanId, parentSpanId, name, startMs },
      // Where another clock gave the beginning, an end before it would be nonsense.
      endMs: Math.max(startMs, endMs),
      attributes: {
        ...known,
        ...attributes,
        ...(this.eventsLeftOut > 0 && { 'streamctl.events_left_out': this.eventsLeftOut }),
      },
      events: this.events,
      error,
    };
  }
}

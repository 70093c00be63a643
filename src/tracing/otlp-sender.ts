import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { FinishedSpan, SpanAttributes } from './span.ts';
import type { SendOutcome } from './span-queue.ts';

export interface OtlpReceiver {
  /** Of the receiver, such as http://collector:4318; `/v1/traces` is added where there is no path (OTLP 1.x, HTTP request). */
  readonly url: string;
  /** Who speaks: `service.name` and the like. */
  readonly resource: SpanAttributes;
}

export interface OtlpSender {
  send(spans: readonly FinishedSpan[]): Promise<SendOutcome>;
  stop(): Promise<void>;
}

/** For one batch, repetitions included. */
const timeoutMillis = 3000;
const scope = { name: 'streamctl' };

/**
 * Sends spans by OTLP over HTTP, as JSON. The exporter is loaded here, so only where traces are wanted; it reads further settings from the
 * environment, such as OTEL_EXPORTER_OTLP_HEADERS.
 */
export async function otlpSender({ url, resource: attributes }: OtlpReceiver): Promise<OtlpSender> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const exporter = new OTLPTraceExporter({ url: tracesUrl(url), timeoutMillis });
  const resource = { attributes } as unknown as ReadableSpan['resource'];
  return {
    send: (spans) =>
      new Promise((resolve) => {
        const readable = spans.map((span) => readableSpan(span, resource));
        exporter.export(readable, ({ code, error }) => resolve(code === 0 ? { type: 'taken' } : outcomeOf(error)));
      }),
    stop: () => exporter.shutdown(),
  };
}

/** `url` with the path of traces where it names none. */
function tracesUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/v1/traces';
  return parsed.href;
}

/** What the receiver will never take is not sent again (OTLP 1.x, Failures): all of 4xx but those that ask for patience. */
function outcomeOf(error: (Error & { code?: unknown }) | undefined): SendOutcome {
  const { code, message = 'no reason given' } = error ?? {};
  const isRefusal = typeof code === 'number' && code >= 400 && code < 500 && code !== 429 && code !== 408;
  const why = typeof code === 'number' ? `HTTP ${code}` : typeof code === 'string' ? code : message;
  return { type: isRefusal ? 'refused' : 'unreachable', why: why.slice(0, 200) };
}

function readableSpan(span: FinishedSpan, resource: ReadableSpan['resource']): ReadableSpan {
  const { traceId, spanId, parentSpanId, name, startMs, endMs, attributes, error } = span;
  const traceFlags = 1; // sampled
  return {
    name,
    kind: 0, // internal
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parentSpanId !== undefined && { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags } }),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    ended: true,
    status: error === undefined ? { code: 0 } : { code: 2, message: error },
    attributes,
    links: [],
    events: span.events.map((event) => ({
      name: event.name,
      time: hrTime(event.atMs),
      attributes: event.attributes,
      droppedAttributesCount: 0,
    })),
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}

import { createHash, randomBytes } from 'node:crypto';

/*
 * W3C Trace Context (https://www.w3.org/TR/trace-context-1/): a broadcast is one trace, and its own span in it can be told from its
 * stream id alone, so that whoever speaks of a broadcast, in any process and at any time, names the same span.
 */

/** Where a span stands: ids in lower-case hexadecimal digits, 32 and 16 of them (§3.2.2.3, §3.2.2.4). */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex');
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex');
}

/** The span of a whole broadcast. */
export function broadcastSpanId(streamId: string): string {
  return createHash('sha256').update(streamId).digest('hex').slice(0, 16);
}

/** A `traceparent` header (§3.2.2). Without a span id: a span that nobody else knows. */
export function traceparentOf(traceId: string, spanId: string = newSpanId()): string {
  return `00-${traceId}-${spanId}-01`;
}

const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * What a `traceparent` header says (§3.2.2, §4.3). Undefined for none and for one that is not valid: the trace begins here then.
 * Later versions may have more behind the four fields of version 00.
 */
export function parseTraceparent(header: string | undefined): SpanContext | undefined {
  if (header === undefined || header.length > 256) return undefined;
  const [, traceId, spanId, more] = traceparentPattern.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  if (more !== undefined && header.startsWith('00-')) return undefined;
  return { traceId, spanId };
}

/** How a broadcast's trace begins: anew, or as part of somebody's who caused it. */
export interface TraceOrigin {
  readonly traceId: string;
  /** The caller's span. */
  readonly parentSpanId?: string | undefined;
}

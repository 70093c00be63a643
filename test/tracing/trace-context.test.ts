import { expect, test } from 'vitest';
import {
  broadcastSpanId,
  newSpanId,
  newTraceId,
  parseTraceparent,
  traceparentOf,
} from '../../src/tracing/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('ids have the lengths of the specification and differ', () => {
  expect(newTraceId()).toMatch(/^[0-9a-f]{32}$/);
  expect(newSpanId()).toMatch(/^[0-9a-f]{16}$/);
  expect(newTraceId()).not.toBe(newTraceId());
});

test('the span of a broadcast follows from its stream id, and no other stream has it', () => {
  expect(broadcastSpanId('st_abcdefghijklm')).toMatch(/^[0-9a-f]{16}$/);
  expect(broadcastSpanId('st_abcdefghijklm')).toBe(broadcastSpanId('st_abcdefghijklm'));
  expect(broadcastSpanId('st_abcdefghijklm')).not.toBe(broadcastSpanId('st_abcdefghijkln'));
});

test('what is written as traceparent is read again', () => {
  expect(traceparentOf(traceId, spanId)).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  expect(parseTraceparent(traceparentOf(traceId, spanId))).toEqual({ traceId, spanId });
  expect(parseTraceparent(traceparentOf(traceId))?.traceId).toBe(traceId);
});

test('a later version may have more behind the four fields', () => {
  expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`)).toEqual({ traceId, spanId });
});

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['more behind version 00', `00-${traceId}-${spanId}-01-x`],
  ['the version that is forbidden', `ff-${traceId}-${spanId}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['a trace id that is too short', `00-${traceId.slice(1)}-${spanId}-01`],
  ['one that is endless', `cc-${traceId}-${spanId}-01-${'x'.repeat(10_000)}`],
])('%s is no traceparent', (_name, header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

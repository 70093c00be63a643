import { expect, test } from 'vitest';
import type { FinishedSpan } from '../../src/tracing/span.ts';
import { StreamTraces } from '../../src/tracing/stream-traces.ts';
import { broadcastSpanId } from '../../src/tracing/trace-context.ts';
import { ManualClock } from '../support/manual-clock.ts';

const id = 'st_abcdefghijklm';
const beganMs = Date.UTC(2026, 0, 1);

function tracing() {
  const clock = new ManualClock(beganMs);
  const spans: FinishedSpan[] = [];
  const traces = new StreamTraces(clock);
  traces.sendTo((span) => spans.push(span));
  return { clock, spans, traces };
}

/** Name, then when it began and ended, in milliseconds since the test began. */
function timesOf(spans: readonly FinishedSpan[]): [string, number, number][] {
  return spans.map(({ name, startMs, endMs }) => [name, startMs - beganMs, endMs - beganMs]);
}

function attributesOf(spans: readonly FinishedSpan[], name: string) {
  return spans.filter((span) => span.name === name).map(({ attributes }) => attributes);
}

test('a broadcast is a tree of what it went through, each told when it ends, the broadcast last', () => {
  const { clock, spans, traces } = tracing();
  const askedMs = clock.monotonicMs();
  clock.advance(20);
  traces.authorised('show', askedMs);
  clock.advance(1);
  const { traceId } = traces.begin(id, 'show');
  const trace = traces.spansOf(id)!;
  clock.advance(300);
  trace.started();
  clock.advance(500);
  trace.reached({ type: 'first-part' });
  clock.advance(1500);
  trace.reached({ type: 'listed' });
  clock.advance(10_000);
  trace.interrupted('connection lost');
  clock.advance(4000);
  trace.resumed();
  clock.advance(1000);
  trace.replaced();
  traces.end(id, 'ENDED_GRACEFULLY', 'publisher');
  expect(timesOf(spans)).toEqual([
    ['authorise', 0, 21],
    ['first keyframe', 21, 321],
    ['first part', 321, 821],
    ['first playlist', 821, 2321],
    ['interruption', 12_321, 16_321],
    ['publisher replaced', 17_321, 17_321],
    ['end', 17_321, 17_321],
    ['broadcast', 0, 17_321],
  ]);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(spans.at(-1)).toMatchObject({ spanId: broadcastSpanId(id), parentSpanId: undefined, error: undefined });
  expect(new Set(spans.slice(0, -1).map((span) => span.parentSpanId))).toEqual(new Set([broadcastSpanId(id)]));
  expect(attributesOf(spans, 'broadcast')).toEqual([
    {
      'streamctl.stream_id': id,
      'streamctl.channel': 'show',
      'streamctl.state': 'ENDED_GRACEFULLY',
      'streamctl.reason': 'publisher',
      'streamctl.interruptions': 1,
    },
  ]);
});

test('what fails ends with the reason as its error, and so does what it broke off', () => {
  const { spans, traces } = tracing();
  traces.begin(id, 'show');
  traces.spansOf(id)!.started();
  traces.spansOf(id)!.interrupted('connection lost');
  traces.end(id, 'ERROR', 'publisher_lost');
  const errors = Object.fromEntries(spans.map(({ name, error }) => [name, error]));
  expect(errors).toEqual({
    'first keyframe': undefined,
    interruption: 'publisher_lost',
    'first part': 'publisher_lost',
    end: undefined,
    broadcast: 'publisher_lost',
  });
});

test('a broadcast that was announced goes on with the trace of its caller, and nobody waits for a keyframe before there is a publisher', () => {
  const { clock, spans, traces } = tracing();
  const caller = { traceId: 'c'.repeat(32), parentSpanId: 'd'.repeat(16) };
  traces.continueWith('show', caller);
  expect(traces.begin(id, 'show')).toEqual(caller);
  clock.advance(60_000);
  traces.authorised('show', clock.monotonicMs());
  clock.advance(250);
  traces.spansOf(id)!.started();
  expect(timesOf(spans).slice(0, 2)).toEqual([
    ['authorise', 60_000, 60_000],
    ['first keyframe', 60_000, 60_250],
  ]);
  traces.end(id, 'ENDED_GRACEFULLY', 'operator');
  expect(spans.at(-1)).toMatchObject({ name: 'broadcast', ...caller, startMs: beganMs });
});

test('a caller whose broadcast did not come is forgotten', () => {
  const { clock, traces } = tracing();
  traces.continueWith('show', { traceId: 'c'.repeat(32) });
  clock.advance(10_000);
  expect(traces.begin(id, 'show').traceId).not.toBe('c'.repeat(32));
});

test('each plan of the ladder is a span, with a span for each rung until it is live and its restarts as events', () => {
  const { clock, spans, traces } = tracing();
  traces.begin(id, 'show');
  const trace = traces.spansOf(id)!;
  trace.ladderPlanned(['480p', '360p']);
  clock.advance(700);
  trace.reached({ type: 'rung-live', rung: '360p' });
  clock.advance(100);
  trace.reached({ type: 'rung-live', rung: '480p' });
  trace.ladderEvent('ladder.failed', { 'streamctl.reason': 'exit' });
  clock.advance(5000);
  trace.ladderPlanned(['360p', '240p']);
  clock.advance(1000);
  traces.end(id, 'ENDED_GRACEFULLY', 'publisher');
  const [first, second] = spans.filter(({ name }) => name === 'ladder');
  expect(first?.events.map(({ name, atMs }) => [name, atMs - beganMs])).toEqual([['ladder.failed', 800]]);
  expect(timesOf([first!, second!])).toEqual([
    ['ladder', 0, 5800],
    ['ladder', 5800, 6800],
  ]);
  const rungs = spans.filter(({ name }) => name === 'rung');
  expect(
    rungs.map(({ attributes, startMs, endMs, parentSpanId }) => [
      attributes,
      startMs - beganMs,
      endMs - beganMs,
      parentSpanId,
    ]),
  ).toEqual([
    [{ 'streamctl.rung': '360p', 'streamctl.outcome': 'live' }, 0, 700, first?.spanId],
    [{ 'streamctl.rung': '480p', 'streamctl.outcome': 'live' }, 0, 800, first?.spanId],
    [{ 'streamctl.rung': '240p', 'streamctl.outcome': 'not live' }, 5800, 6800, second?.spanId],
  ]);
});

test('a ladder on which everything fails for hours keeps the first 128 events, and says how many it left out', () => {
  const { spans, traces } = tracing();
  traces.begin(id, 'show');
  traces.spansOf(id)!.ladderPlanned(['360p']);
  for (let count = 0; count < 1000; count++) traces.spansOf(id)!.ladderEvent('ladder.failed', {});
  traces.end(id, 'ENDED_GRACEFULLY', 'publisher');
  const ladder = spans.find(({ name }) => name === 'ladder');
  expect(ladder?.events).toHaveLength(128);
  expect(ladder?.attributes['streamctl.events_left_out']).toBe(872);
});

test('over a restart the same trace goes on, with the same span for the whole', () => {
  const before = tracing();
  const { traceId } = before.traces.begin(id, 'show');
  before.traces.spansOf(id)!.started();
  before.traces.suspend();
  expect(before.spans.map(({ name, attributes }) => [name, attributes])).toEqual([
    ['first keyframe', {}],
    ['first part', { 'streamctl.outcome': 'restart' }],
  ]);
  const after = tracing();
  after.traces.restore(id, 'show', { traceId }, beganMs - 60_000);
  const trace = after.traces.spansOf(id)!;
  trace.interrupted('restart');
  trace.reached({ type: 'listed' });
  after.clock.advance(3000);
  trace.resumed();
  after.traces.end(id, 'ENDED_GRACEFULLY', 'publisher');
  expect(timesOf(after.spans)).toEqual([
    ['interruption', 0, 3000],
    ['end', 3000, 3000],
    ['broadcast', -60_000, 3000],
  ]);
  expect(after.spans.at(-1)).toMatchObject({ traceId, spanId: before.spans[0]?.parentSpanId });
});

test('a wall clock that jumps does not bend the times within a broadcast', () => {
  const { clock, spans, traces } = tracing();
  traces.begin(id, 'show');
  clock.wallMs = () => 0;
  clock.advance(2000);
  traces.spansOf(id)!.started();
  expect(timesOf(spans)).toEqual([['first keyframe', 0, 2000]]);
});

test('a log line that names a stream, or a channel that has one, has its trace; others have none', () => {
  const { traces } = tracing();
  const { traceId } = traces.begin(id, 'show');
  expect(traces.logFields({ stream: id })).toEqual({ trace_id: traceId });
  expect(traces.logFields({ channel: 'show' })).toEqual({ trace_id: traceId });
  expect(traces.logFields({ channel: 'other' })).toEqual({});
  expect(traces.logFields({})).toEqual({});
  traces.end(id, 'ENDED_GRACEFULLY', 'publisher');
  expect(traces.logFields({ stream: id })).toEqual({ trace_id: traceId });
});

test('of broadcasts that have ended only the last thousand are remembered', () => {
  const { traces } = tracing();
  for (let index = 0; index < 1500; index++) {
    traces.begin(`st_${index}`, `channel-${index}`);
    traces.end(`st_${index}`, 'ENDED_GRACEFULLY', 'publisher');
  }
  expect(traces.traceIdOf('st_499')).toBeUndefined();
  expect(traces.logFields({ channel: 'channel-499' })).toEqual({});
  expect(traces.traceIdOf('st_500')).toMatch(/^[0-9a-f]{32}$/);
});

test('without a receiver there are ids, and no spans are made', () => {
  const traces = new StreamTraces(new ManualClock());
  expect(traces.begin(id, 'show').traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(traces.spansOf(id)).toBeUndefined();
  expect(traces.traceIdOf(id)).toMatch(/^[0-9a-f]{32}$/);
});

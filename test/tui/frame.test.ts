import { describe, expect, test } from 'vitest';
import type { NodeMetrics, StreamMetrics } from '../../src/contract/live-metrics.ts';
import { topFrame } from '../../src/tui/frame.ts';
import { plainFrame } from '../../src/tui/plain-frame.ts';
import { press } from '../../src/tui/top-keys.ts';
import { firstState, receive, type TopState } from '../../src/tui/top-state.ts';
import { nodeMetricsOf, rung, streamMetricsOf } from '../support/live-metrics.ts';

const nowMs = Date.parse('2026-05-01T09:35:00.000Z');
const plain = { hasColour: false, hasUnicode: true };
const sizes = [
  { width: 80, height: 24 },
  { width: 200, height: 50 },
  { width: 40, height: 10 },
  { width: 300, height: 90 },
];

function stateOf(streams: readonly StreamMetrics[], more: Partial<NodeMetrics> = {}, seconds = 3): TopState {
  let state = firstState;
  for (let i = 0; i < seconds; i++) state = receive(state, { kind: 'snapshot', node: nodeMetricsOf(streams, more) });
  return state;
}

function text(state: TopState, size = sizes[0]!): string {
  const frame = topFrame(state, size, nowMs);
  const foot = frame.foot.map((part) => part.text).join('');
  return `${plainFrame(frame, size.width, plain)}\n${foot}`;
}

const busy = [
  streamMetricsOf('morning-show'),
  streamMetricsOf('stage-b', { health: 'fair', warnings: ['Keyframes come every 8.3 s.'], viewers: 900 }),
  streamMetricsOf('church', {
    interrupted_since: '2026-05-01T09:34:50.000Z',
    ingest: null,
    health: 'poor',
    ladder: null,
  }),
];

describe('the view of all streams', () => {
  test('says what the node does, and of each stream how it is', () => {
    expect(text(stateOf(busy))).toBe(
      [
        ' streamctl 0.1.0 on stage-1, up 1h 30m',
        ' 3 streams · 924 viewers · 13M in · 310M out · 1.32 cores · 312 MB memory',
        'CHANNEL          STATE       HEALTH BITRATE       IN VIEWERS LATENCY LADDER',
        'church           interrupted poor          ▁▁▁     -      12  420 ms source only',
        'morning-show     live        good          ███  6.2M      12  420 ms 2 of 3 live',
        'stage-b          live        fair          ███  6.2M     900  420 ms 2 of 3 live',
        '↑↓  Enter in depth  s sort: channel  / filter  x stop  c link  ? help  q quit  ',
      ].join('\n'),
    );
  });

  test('names the rungs where there is room for them', () => {
    expect(text(stateOf(busy), sizes[1])).toMatch(/morning-show .* 1080p30 .* 31M .*720p 480p \(360p\)/);
  });

  test.each(sizes)('fits $width × $height, whatever is shown', ({ width, height }) => {
    const many = Array.from({ length: 120 }, (_, i) =>
      streamMetricsOf(`channel-with-a-very-long-name-${i}`, busy[i % 3]),
    );
    const warnings = Array.from(
      { length: 9 },
      (_, i) => `Warning ${i}: ${'something is not as it should be '.repeat(9)}`,
    );
    let state = stateOf(many, { warnings, node: '{放送}\x1b[2J'.repeat(40) });
    for (let i = 0; i < 250; i++) {
      state = receive(state, {
        kind: 'notice',
        message: {
          type: 'event',
          seq: i + 1,
          time: '2026-05-01T09:34:00.000Z',
          stream_id: null,
          data: { type: `t${i}`, why: 'x'.repeat(400) },
        },
      });
    }
    state = receive(state, { kind: 'gone', why: 'No server answers', retryAtMs: nowMs + 3000 });
    for (const view of ['streams', 'depth'] as const) {
      const frame = topFrame({ ...state, view }, { width, height }, nowMs);
      const lines = frame.head.length + (frame.table?.height ?? 0) + frame.lower.length + 1;
      expect(lines).toBeLessThanOrEqual(height);
      const all = [...frame.head, ...frame.lower, frame.foot, ...(frame.table?.rows ?? [])];
      const widths = all.map((line) => line.reduce((sum, part) => sum + part.text.length, 0));
      expect(Math.max(...widths)).toBeLessThanOrEqual(width);
      const columns = (frame.table?.widths ?? []).reduce((sum, column) => sum + column + 1, -1);
      expect(columns).toBeLessThanOrEqual(width);
      const shown = all
        .flat()
        .map((part) => part.text)
        .join('');
      expect(shown).not.toContain('\x1b');
    }
  });

  test('a filter leaves the channels with it in their name, and says when there are none', () => {
    expect(text({ ...stateOf(busy), filter: 'stage' })).not.toContain('church');
    expect(text({ ...stateOf(busy), filter: 'none' })).toContain('No channel with “none” in its name.');
  });

  test('without streams it says how to have one', () => {
    expect(text(stateOf([]))).toContain('No streams. Publish one: streamctl keys create NAME');
  });

  test('the worst come first where it is sorted by health', () => {
    const lines = text({ ...stateOf(busy), sort: 'health' }).split('\n');
    expect(lines.slice(3, 6).map((line) => line.split(' ')[0])).toEqual(['church', 'stage-b', 'morning-show']);
  });

  test('warnings of the node, and of the stream that is selected, stand below', () => {
    const state = { ...stateOf(busy, { warnings: ['The disk is full.'] }), selectedId: 'st_stage-b' };
    expect(text(state)).toContain('! The disk is full.\n! stage-b: Keyframes come every 8.3 s.');
    expect(text({ ...state, selectedId: 'st_church' })).not.toContain('Keyframes');
  });

  test('a server that is gone is said to be, with the seconds until the next try', () => {
    const gone = receive(stateOf(busy), { kind: 'gone', why: 'No server answers on x', retryAtMs: nowMs + 3200 });
    expect(text(gone)).toContain('! server gone, trying again in 4 s (No server answers on x)');
    expect(text(receive(gone, { kind: 'snapshot', node: nodeMetricsOf(busy) }))).not.toContain('gone');
  });

  test('what happens is listed as it comes, by channel', () => {
    const state = receive(stateOf(busy), {
      kind: 'notice',
      message: {
        type: 'interruption',
        seq: 9,
        time: '2026-05-01T09:34:00.000Z',
        stream_id: 'st_church',
        data: { interrupted_since: '2026-05-01T09:34:00.000Z', why: 'connection lost' },
      },
    });
    expect(text(state)).toContain('church: the publisher is away (connection lost)');
  });
});

describe('everything at once, for a pipe', () => {
  const whole = { width: 120, height: Number.POSITIVE_INFINITY };

  test('has all streams, and the warnings of each', () => {
    const many = Array.from({ length: 70 }, (_, i) => streamMetricsOf(`c${i}`, { warnings: [`W${i}.`] }));
    const frame = plainFrame(topFrame(stateOf(many, {}, 1), whole, nowMs), 120, plain);
    for (let i = 0; i < 70; i++) {
      expect(frame).toMatch(new RegExp(`^c${i} `, 'm'));
      expect(frame).toContain(`! c${i}: W${i}.`);
    }
    expect(frame).not.toMatch(/[▁▂▃▄▅▆▇█]/);
  });
});

describe('one stream in depth', () => {
  const inDepth = (stream: StreamMetrics, size = sizes[1]!) => text(press(stateOf([stream]), 'enter').state, size);

  test('tells what arrives, what is made of it and how viewers fare', () => {
    const shown = inDepth(streamMetricsOf('morning-show'));
    for (const words of [
      'morning-show  live for 5m 0s, health good, 12 viewers   st_morning-show',
      'arriving   6.2M · 30 fps · 54321 frames · 2 dropped · obs-output module (libobs version 30.2.0)',
      'timing     keyframe every 2.0 s · A/V drift +12 ms · jitter 3 ms',
      'latency    part 180/412 ms · listed 183/420 ms · sent 201 ms/1.5 s (p50/p95)',
      'transcode  running · libx264 · speed 1.00× · lag 140 ms · 1.25 cores',
      'viewing    start-up 640 ms/1.8 s · rebuffering 0.4 % · 14 sessions in 5 min',
      'behind live 2.1/3.9 s · bitrate 2.9M/6.1M',
      'RENDITION  SIZE         FPS BITRATE VIEWERS STATE          LAG',
      'source     1920×1080     30    6.0M       7 passed on',
      '720p       1280×720      30    2.9M       4 live        140 ms',
      '360p       640×360       30    1.4M         withheld            the CPU budget does not allow it',
    ]) {
      expect(shown).toContain(words);
    }
  });

  test('says so where nobody publishes, and where nothing was measured', () => {
    const nothing = { p50: null, p95: null };
    const shown = inDepth(
      streamMetricsOf('church', {
        state: 'PENDING_INGEST',
        started_at: null,
        ingest: null,
        ladder: null,
        renditions: [],
        latency_ms: { part: nothing, listed: nothing, delivered: nothing },
        qoe: { sessions: 0, startup_ms: nothing, rebuffer_ratio: null, latency_ms: nothing, bitrate_bps: nothing },
      }),
    );
    expect(shown).toContain('church  waiting, health good');
    expect(shown).toContain('arriving   nothing: nobody publishes');
    expect(shown).toContain('latency    part - · listed - · sent - (p50/p95)');
    expect(shown).toContain('No renditions yet.');
    expect(shown).not.toContain('transcode');
    expect(shown).not.toMatch(/NaN|null|undefined|Infinity/);
  });

  test('lists its own events, the newest first, and no others', () => {
    let state = press(stateOf(busy), 'enter').state;
    const say = (streamId: string, why: string) => {
      const data = { rung: '720p', state: 'withdrawn', why };
      const message = { type: 'quality', seq: 1, time: '2026-05-01T09:34:00.000Z', stream_id: streamId, data } as const;
      state = receive(state, { kind: 'notice', message });
    };
    say('st_church', 'first');
    say('st_stage-b', 'of another');
    say('st_church', 'second');
    const shown = text(state, sizes[1]);
    expect(shown).toMatch(/EVENTS\n\S+ 720p: withdrawn \(second\)\n\S+ 720p: withdrawn \(first\)/);
    expect(shown).not.toContain('of another');
  });

  test('what does not fit can be scrolled to, and no further', () => {
    const rungs = Array.from({ length: 30 }, (_, i) => rung(`r${i}`, 100 + i, 'withheld'));
    const { ladder } = streamMetricsOf('x');
    let state = press(stateOf([streamMetricsOf('x', { ladder: { ...ladder!, rungs } })]), 'enter').state;
    expect(text(state)).not.toContain('r29 ');
    for (let i = 0; i < 99; i++) state = press(state, 'pagedown').state;
    expect(text(state)).toContain('r29 ');
    expect(topFrame(state, sizes[0]!, nowMs).lower.length).toBe(21);
  });
});

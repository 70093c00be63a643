import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { ViewerEvent } from '../../src/delivery/viewer-events/event-reader.ts';
import type { PortAnswer } from '../../src/prober/own-port.ts';
import { probeStream } from '../../src/prober/probe-stream.ts';
import { type ProbedStream, Prober } from '../../src/prober/prober.ts';
import { unobserved } from '../../src/prober/unobserved.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

const nowMs = Date.parse('2026-01-01T00:00:10.000Z');

function playlist(startedAt: string): string {
  return [
    ...['#EXTM3U', '#EXT-X-TARGETDURATION:2', '#EXT-X-MEDIA-SEQUENCE:7', '#EXT-X-MAP:URI="init-1.mp4"'],
    ...[`#EXT-X-PROGRAM-DATE-TIME:${startedAt}`, '#EXTINF:2,', 'segment-7.m4s', ''],
  ].join('\n');
}

function box(type: string, sizeBytes = 8): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUInt32BE(sizeBytes);
  bytes.write(type, 4, 'latin1');
  return bytes;
}

const segment = Buffer.concat([box('styp', 16), box('moof', 24), box('mdat', 100)]);

function answers(over: Readonly<Record<string, PortAnswer>> = {}): Record<string, PortAnswer> {
  const ok = (body: string | Buffer) => ({ status: 200, body: Buffer.from(body) });
  return {
    '/hls/show/index.m3u8': ok('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n../id/source/index.m3u8\n'),
    '/hls/id/source/index.m3u8': ok(playlist('2026-01-01T00:00:07.000Z')),
    '/hls/id/source/segment-7.m4s': ok(segment),
    ...over,
  };
}

async function probe(served: Readonly<Record<string, PortAnswer>>, tookMs = 0) {
  let monotonicMs = 0;
  return await probeStream('/hls/show/index.m3u8', {
    wallMs: () => nowMs,
    monotonicMs: () => monotonicMs,
    get: async (path) => {
      monotonicMs += tookMs;
      const answer = served[path];
      if (answer === undefined) throw new Error('ECONNREFUSED');
      return answer;
    },
  });
}

test('a broadcast is played by its source, from the multivariant playlist to the newest segment', async () => {
  expect(await probe(answers())).toEqual({ isGood: true });
});

const wrong: readonly [string, string, Record<string, PortAnswer>][] = [
  ['nobody answers', 'unreachable', { '/hls/show/index.m3u8': undefined as never }],
  ['the playlist is an error', 'refused', { '/hls/id/source/index.m3u8': { status: 503, body: Buffer.alloc(0) } }],
  ['a listed segment is missing', 'refused', { '/hls/id/source/segment-7.m4s': { status: 404, body: segment } }],
  ['what is called a playlist is none', 'malformed', { '/hls/id/source/index.m3u8': { status: 200, body: segment } }],
  [
    'the newest segment ended more than three target durations ago',
    'stale',
    { '/hls/id/source/index.m3u8': { status: 200, body: Buffer.from(playlist('2026-01-01T00:00:01.900Z')) } },
  ],
  [
    'a segment is cut short',
    'malformed',
    { '/hls/id/source/segment-7.m4s': { status: 200, body: segment.subarray(0, -1) } },
  ],
];
for (const [what, why, over] of wrong) {
  test(`a probe fails when ${what}`, async () => {
    expect(await probe(answers(over))).toMatchObject({ isGood: false, why });
  });
}

test('a segment that takes more than a second is too slow', async () => {
  expect(await probe(answers(), 1001)).toMatchObject({ isGood: false, why: 'slow' });
  expect(await probe(answers(), 999)).toEqual({ isGood: true });
});

/** The next round is asked for behind the last answer. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function rig(isServed: () => boolean) {
  const clock = new ManualClock(nowMs);
  let isRunning = true;
  const asked: string[] = [];
  const warnings: object[] = [];
  const port = createServer((request, response) => {
    asked.push(`${request.headers['user-agent']?.slice(0, 17)} ${request.url}`);
    const answer = answers()[(request.url ?? '').replace(/^\/t\/[^/]+/, '')];
    response.statusCode = isServed() ? (answer?.status ?? 404) : 503;
    response.end(answer?.body);
  });
  await new Promise<void>((resolve) => port.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void port.close());
  const stream: ProbedStream = { streamId: 'id', channel: 'show', connectedAtMs: 1 };
  const prober = new Prober({
    clock: {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => nowMs,
      after: (ms, callback) => clock.after(ms, callback),
    },
    log: { warn: (fields: object) => void warnings.push(fields) } as never,
    streams: () => (isRunning ? [stream] : []),
    token: async () => 'SECRET.TOKEN',
  });
  const stop = prober.start({ host: '127.0.0.1', port: (port.address() as AddressInfo).port, isTls: false });
  onTestFinished(stop);
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      const { total } = prober.figures();
      await turn();
      clock.advance(10_000);
      await until('the round is over', () => prober.figures().total === total + 1);
    }
  };
  const leave = () => {
    isRunning = false;
  };
  return { prober, rounds, asked, warnings, leave, clock };
}

test('a broadcast is probed every ten seconds once its publisher has been there for a while, with a link of its own', async () => {
  const { prober, rounds, asked } = await rig(() => true);
  expect(prober.figures()).toMatchObject({ total: 0, successes: 0 });
  await rounds(3);
  expect(prober.figures()).toMatchObject({ total: 3, successes: 3 });
  expect(asked[0]).toBe('streamctl-prober/ /t/SECRET.TOKEN/hls/show/index.m3u8');
});

test('failures are counted by why, told once a minute, and name no token', async () => {
  const { prober, rounds, warnings } = await rig(() => false);
  await rounds(7);
  expect(prober.figures()).toMatchObject({ total: 7, successes: 0, failures: { refused: 7, stale: 0 } });
  expect(warnings).toHaveLength(2);
  expect(warnings[1]).toMatchObject({ why: 'refused', count: 6 });
  expect(JSON.stringify(warnings)).not.toContain('SECRET');
});

test('what fails because its publisher has gone is not counted', async () => {
  const { prober, asked, clock, leave } = await rig(() => {
    leave();
    return false;
  });
  await turn();
  clock.advance(10_000);
  await until('it was asked', () => asked.length === 1);
  // Of the round that follows nothing is asked; it comes only when this one is over.
  for (let count = 0; count < 20; count++) await turn();
  clock.advance(10_000);
  expect(prober.figures().total).toBe(0);
});

test('the prober is no viewer, and nobody can pass for it', () => {
  const { userAgent } = new Prober({
    clock: new ManualClock(),
    log: { warn() {} },
    streams: () => [],
    token: async () => undefined,
  });
  const seen: string[] = [];
  const intake = unobserved(
    { newReader: () => undefined as never, take: (event) => void seen.push(event.viewer!.userAgent) },
    userAgent,
  );
  const from = (agent: string) => ({ viewer: { network: '127.0.0.0/24', userAgent: agent, token: '' } }) as ViewerEvent;
  for (const agent of ['VLC', userAgent, 'streamctl-prober/', userAgent.slice(0, -1)]) intake.take(from(agent));
  expect(seen).toEqual(['VLC', 'streamctl-prober/', userAgent.slice(0, -1)]);
});

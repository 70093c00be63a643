import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Availability } from './availability.ts';
import type { Fetched, Fetching } from './fetch.ts';
import { Findings } from './findings.ts';
import { RenditionWatch } from './rendition-watch.ts';

const base = 'http://host/hls/str_1/source/';
const ok = { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'public, max-age=86400, immutable' };

function fetched(url: string, text: string, atMs: number, override: Partial<Fetched> = {}): Fetched {
  const body = Buffer.from(text);
  return {
    ...{ url, status: 200, body, requestedMs: atMs, firstByteMs: atMs, lastByteMs: atMs, arrivals: [] },
    headers: { ...ok, 'content-length': String(body.length) },
    sha256: createHash('sha256').update(body).digest('hex'),
    ...override,
  };
}

/** A server of MPEG-TS segments, whose bytes nobody looks into here; `answers` changes what single URIs give. */
function watchOf(answers: Record<string, Partial<Fetched>> = {}, stalledMs = 0) {
  const findings = new Findings();
  const fetching: Fetching = {
    fetch: (url) => Promise.resolve(fetched(url, url, 0, answers[url.slice(base.length)] ?? {})),
  };
  const availability = new Availability(fetching, findings);
  const tolerances = { lateMs: 400, dripMs: 150 };
  const pressure = { stalledMs: () => stalledMs };
  const rendition = new RenditionWatch(
    `${base}index.m3u8`,
    'source',
    fetching,
    availability,
    findings,
    tolerances,
    pressure,
  );
  const observe = (series: string, lines: readonly string[], atMs: number, headers = ok) =>
    rendition.observe(series, fetched(rendition.url, `${lines.join('\n')}\n`, atMs, { headers }));
  const rules = async () => {
    await rendition.settle();
    return new Set(findings.all.map(({ rule }) => rule));
  };
  return { rendition, availability, observe, rules };
}

/** Gap parts and segments need no media: only how the list grows matters. */
function listing(last: number, openParts: number, skipped = 0): string[] {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:9', '#EXT-X-TARGETDURATION:2'];
  lines.push('#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5');
  lines.push('#EXT-X-PART-INF:PART-TARGET=0.5', '#EXT-X-MEDIA-SEQUENCE:1');
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  lines.push('#EXT-X-MAP:URI="init-1.mp4"');
  for (let msn = 1 + skipped; msn <= last; msn++) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Date.UTC(2026, 10, 22, 12, 0, 2 * msn)).toISOString()}`);
    lines.push('#EXTINF:2.00000,', `segment-${msn}.m4s`);
  }
  for (let index = 0; index < openParts; index++) {
    lines.push(`#EXT-X-PART:DURATION=0.5,URI="segment-${last + 1}.${index}.m4s"`);
  }
  return lines;
}

test('LL-05 is found when a part comes later than one part target after the one before', async () => {
  for (const [laterMs, isFound] of [
    [850, false],
    [1000, true],
  ] as const) {
    const { observe, rules } = watchOf();
    observe('part', listing(8, 1), 1000);
    observe('part', listing(8, 2), 1000 + laterMs);
    expect((await rules()).has('LL-05'), `${laterMs} ms`).toBe(isFound);
  }
});

test('HLS-06 is found when a segment comes later than one and a half target durations', async () => {
  for (const [laterMs, isFound] of [
    [3300, false],
    [3500, true],
  ] as const) {
    const { observe, rules } = watchOf();
    observe('plain', listing(8, 0), 1000);
    observe('plain', listing(9, 0), 1000 + laterMs);
    expect((await rules()).has('HLS-06'), `${laterMs} ms`).toBe(isFound);
  }
});

test('what a machine without a free processor made late is no finding', async () => {
  const { observe, rules } = watchOf({}, 3000);
  observe('part', listing(8, 1), 1000);
  observe('part', listing(9, 2), 1000 + 3800);
  const found = await rules();
  expect(found.has('LL-05')).toBe(false);
  expect(found.has('HLS-06')).toBe(false);
});

test('HLS-05 is found when two series tell of different segments', async () => {
  const { observe, rules } = watchOf();
  observe('plain', listing(8, 0), 1000);
  observe(
    'part',
    listing(8, 1).map((line) => line.replace('segment-3.m4s', 'segment-3b.m4s')),
    1100,
  );
  expect(await rules()).toContain('HLS-05');
});

test('HLS-01 is found when a playlist comes under another type', async () => {
  const { observe, rules } = watchOf();
  observe('plain', listing(8, 0), 1000, { ...ok, 'content-type': 'text/plain' });
  expect(await rules()).toContain('HLS-01');
});

test.each([
  ['HLS-18', 'is not there', { status: 404 }],
  ['HLS-18', 'comes without its length', { headers: { 'cache-control': ok['cache-control'] } }],
  ['LL-07', 'drips', { lastByteMs: 300 }],
  ['HTTP-01', 'may not be cached', { headers: { ...ok, 'cache-control': 'no-store', 'content-length': '45' } }],
] as const)('%s is found when a listed segment %s', async (rule, _what, answer) => {
  const { observe, rules } = watchOf({ 'segment-5.m4s': answer });
  observe('plain', listing(8, 0), 1000);
  expect(await rules()).toContain(rule);
});

test('HLS-14 is found when the init segment is not there', async () => {
  const { observe, rules } = watchOf({ 'init-1.mp4': { status: 404 } });
  observe('plain', listing(8, 0), 1000);
  expect(await rules()).toContain('HLS-14');
});

test('LL-18 is found when a delta skips what was never listed, or differs from the whole', async () => {
  const unknown = watchOf();
  unknown.observe(
    'plain',
    listing(4, 0).map((line) => line.replace('SEQUENCE:1', 'SEQUENCE:3')),
    1000,
  );
  unknown.observe('delta', listing(8, 0, 4), 1100);
  expect(await unknown.rules()).toContain('LL-18');

  const different = watchOf();
  different.observe('plain', listing(8, 0), 1000);
  different.observe(
    'delta',
    listing(8, 0, 4).map((line) => line.replace('segment-6.m4s', 'segment-66.m4s')),
    1100,
  );
  expect(await different.rules()).toContain('LL-18');

  const stateless = watchOf();
  stateless.observe('plain', listing(8, 0), 1000);
  stateless.observe(
    'delta',
    listing(8, 0, 4).filter((line) => !line.includes('EXT-X-MAP')),
    1100,
  );
  expect(await stateless.rules()).toContain('LL-18');
});

test.each([
  ['is gone', { status: 404 }],
  ['has other bytes', { sha256: 'other' }],
] as const)('HLS-08 is found when a segment %s before its time is over', async (_what, answer) => {
  const findings = new Findings();
  const asked: string[] = [];
  const fetching: Fetching = {
    fetch: (url) => {
      asked.push(url);
      return Promise.resolve(fetched(url, url, 0, answer));
    },
  };
  const availability = new Availability(fetching, findings);
  availability.start();
  availability.expect(fetched(`${base}segment-1.m4s`, `${base}segment-1.m4s`, 0), performance.now() + 560, 'HLS-08');
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await availability.stop();
  expect(findings.all.map(({ rule }) => rule)).toEqual(['HLS-08']);
});

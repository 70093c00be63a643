import { gunzipSync } from 'node:zlib';
import type { Fetched, Fetching } from './fetch.ts';
import type { Report } from './findings.ts';
import { type MediaPlaylist, readMediaPlaylist } from './media-playlist.ts';

/** An immediate answer, over loopback on a busy machine. */
const immediateMs = 500;

/** Asks one media playlist, and what it lists, for things players ask rarely or never: LL-08, LL-13…15, HLS-18, HLS-19, section 1.6. */
export async function probeProtocol(url: string, fetcher: Fetching, report: Report): Promise<void> {
  const plain = await fetcher.fetch(url);
  const playlist = readMediaPlaylist(plain.body, () => {}); // its content is judged elsewhere
  checkHeaders(plain, report);
  if (playlist.serverControl?.['CAN-BLOCK-RELOAD'] === 'YES' && !playlist.isEnded) {
    await probeDirectives(url, playlist, fetcher, report);
  }
  await probeCompression(url, fetcher, report);
  await probeSegment(url, playlist, fetcher, report);
}

/** Playback is for every site, and tells them what they need. */
function checkHeaders({ headers, url }: Fetched, report: Report): void {
  if (headers['access-control-allow-origin'] !== '*') report('HTTP-03', `${url}: no CORS`);
  const exposed = (headers['access-control-expose-headers'] ?? '').toLowerCase();
  for (const name of ['age', 'date', 'etag'])
    if (!exposed.includes(name)) report('LL-20', `${url}: ${name} is not exposed`);
  if (headers['access-control-allow-credentials'] !== undefined) report('HTTP-03', `${url}: CORS with credentials`);
  if (headers['set-cookie'] !== undefined) report('HTTP-03', `${url}: sets a cookie`);
}

async function probeDirectives(url: string, playlist: MediaPlaylist, fetcher: Fetching, report: Report): Promise<void> {
  const last = playlist.open?.msn ?? (playlist.segments.at(-1)?.msn ?? 0) + 1;
  const stale = Math.max(0, (playlist.segments[0]?.msn ?? 1) - 1);
  const cases: readonly [rule: string, query: string, status: number][] = [
    ['LL-13', `_HLS_msn=${stale}`, 200],
    ['LL-13', `_HLS_msn=${playlist.segments[0]?.msn}&_HLS_part=0`, 200],
    ['LL-14', `_HLS_msn=${last + 5}`, 400],
    ['LL-14', `_HLS_msn=${last + 1000}&_HLS_part=0`, 400],
    ['LL-14', `_HLS_msn=${last}&_HLS_part=400`, 400],
    ['LL-15', '_HLS_part=0', 400],
    ['LL-15', '_HLS_msn=abc', 400],
    ['LL-15', '_HLS_msn=-1', 400],
    ['LL-15', '_HLS_msn=99999999999999999999999', 400],
    ['LL-15', `_HLS_msn=${last}&_HLS_msn=${last}`, 400],
    ['LL-15', `_HLS_msn=${last}&_HLS_part=-1`, 400],
  ];
  for (const [rule, query, status] of cases) {
    const answer = await fetcher.fetch(`${url}?${query}`);
    const tookMs = answer.lastByteMs - answer.requestedMs;
    if (answer.status !== status) report(rule, `?${query} is ${answer.status}, not ${status}`);
    if (tookMs > immediateMs) report(rule, `?${query} took ${tookMs.toFixed(0)} ms`);
  }
}

/** HLS-19: compressed when accepted, told to caches, and the same text. */
async function probeCompression(url: string, fetcher: Fetching, report: Report): Promise<void> {
  const zipped = await fetcher.fetch(url, { headers: { 'accept-encoding': 'gzip' } });
  if (zipped.headers['content-encoding'] !== 'gzip') report('HLS-19', 'not compressed although accepted');
  else if (!gunzipSync(zipped.body).subarray(0, 7).equals(Buffer.from('#EXTM3U')))
    report('HLS-19', 'compressed to something else');
  if (!/accept-encoding/i.test(zipped.headers.vary ?? '')) report('HLS-19', 'Vary does not name Accept-Encoding');
  const plain = await fetcher.fetch(url, { headers: { 'accept-encoding': 'identity' } });
  if (plain.headers['content-encoding'] !== undefined) report('HLS-19', 'compressed although not accepted');
}

/** Ranges, HEAD, validators and unknown names of one segment in the middle of the list. */
async function probeSegment(url: string, playlist: MediaPlaylist, fetcher: Fetching, report: Report): Promise<void> {
  const segment = playlist.segments.filter((candidate) => !candidate.isGap).at(-2);
  if (segment === undefined) return;
  const segmentUrl = new URL(segment.uri, url).href;
  const whole = await fetcher.fetch(segmentUrl);
  checkHeaders(whole, report);
  const size = whole.body.length;
  const range = await fetcher.fetch(segmentUrl, { headers: { range: 'bytes=10-19' } });
  const isRange = range.status === 206 && Buffer.from(range.body).equals(Buffer.from(whole.body.subarray(10, 20)));
  if (!isRange) report('HTTP-04', `bytes=10-19 of ${segment.uri}: ${range.status}, ${range.body.length} bytes`);
  if (isRange && range.headers['content-range'] !== `bytes 10-19/${size}`) {
    report('HTTP-04', `content-range ${range.headers['content-range']}`);
  }
  const suffix = await fetcher.fetch(segmentUrl, { headers: { range: 'bytes=-7' } });
  if (suffix.status !== 206 || suffix.body.length !== 7)
    report('HTTP-04', `bytes=-7: ${suffix.status}, ${suffix.body.length} bytes`);
  const beyond = await fetcher.fetch(segmentUrl, { headers: { range: `bytes=${size}-` } });
  if (beyond.status !== 416 || beyond.headers['content-range'] !== `bytes */${size}`) {
    report('HTTP-04', `a range beyond the end: ${beyond.status}, ${beyond.headers['content-range']}`);
  }
  const several = await fetcher.fetch(segmentUrl, { headers: { range: 'bytes=0-1,4-5' } });
  if (several.status !== 200) report('HTTP-04', `several ranges: ${several.status}`);
  const head = await fetcher.fetch(segmentUrl, { method: 'HEAD' });
  if (head.status !== 200 || Number(head.headers['content-length']) !== size) report('HTTP-05', `HEAD: ${head.status}`);
  const { etag } = whole.headers;
  if (etag === undefined || etag.startsWith('W/')) report('HTTP-06', `no strong ETag: ${etag}`);
  else {
    const again = await fetcher.fetch(segmentUrl, { headers: { 'if-none-match': etag } });
    if (again.status !== 304) report('HTTP-06', `If-None-Match: ${again.status}`);
  }
  await probeUnknown(segmentUrl, fetcher, report);
}

/** LL-08: what nobody announced is not there, and not for long. */
async function probeUnknown(segmentUrl: string, fetcher: Fetching, report: Report): Promise<void> {
  const unknown = segmentUrl.replace(/segment-\d+/, 'segment-99999999');
  if (unknown === segmentUrl) return;
  const answer = await fetcher.fetch(unknown);
  const tookMs = answer.lastByteMs - answer.requestedMs;
  if (answer.status !== 404 || tookMs > immediateMs)
    report('LL-08', `${unknown}: ${answer.status} after ${tookMs.toFixed(0)} ms`);
  const seconds = /max-age=(\d+)/.exec(answer.headers['cache-control'] ?? '')?.[1];
  if (answer.headers['cache-control'] !== 'no-store' && !(Number(seconds) <= 1)) {
    report('HTTP-01', `a 404 with cache-control ${answer.headers['cache-control']}`);
  }
}

import { Availability } from './availability.ts';
import { covers } from './codec-names.ts';
import { checkAcross, partsBetween } from './cross-rules.ts';
import { type Fetched, Fetcher } from './fetch.ts';
import { type Finding, Findings, type Report } from './findings.ts';
import { checkSameOffer } from './format-rules.ts';
import { MachinePressure } from './machine-pressure.ts';
import { lastPosition } from './media-playlist.ts';
import { checkMediaTimes, checkTimesAcross, timedSegments } from './media-time-rules.ts';
import { MpdWatch, nameOf } from './mpd-watch.ts';
import { type Multivariant, mediaUris, readMultivariant } from './multivariant.ts';
import { probeProtocol } from './protocol-probes.ts';
import { RenditionWatch, type Tolerances } from './rendition-watch.ts';

export interface StreamWatchOptions {
  /** Multivariant playlists to watch: CMAF, MPEG-TS, or both. */
  readonly playlistUrls: readonly string[];
  readonly mpdUrl?: string;
  readonly tolerances?: Partial<Tolerances>;
}

export interface WatchReport {
  readonly findings: readonly (Finding & { readonly count: number; readonly atSeconds: number })[];
  readonly seconds: number;
  readonly playlistVersions: number;
  readonly segments: number;
  readonly refetched: number;
  readonly mpdVersions: number;
}

const pollMs = 100;
const directAnswerMs = 1500;

/**
 * Watches a stream from outside, as strictly as the specifications allow: polls every playlist ten times a second, plain,
 * blocking and with delta updates, fetches everything that is listed, and asks again for it before its time is over.
 */
export class StreamWatch {
  readonly findings = new Findings();
  readonly renditions = new Map<string, RenditionWatch>();
  private readonly options: StreamWatchOptions;
  private readonly tolerances: Tolerances;
  private readonly fetcher = new Fetcher();
  private readonly availability = new Availability(this.fetcher, this.findings);
  private readonly pressure = new MachinePressure();
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly multivariants = new Map<string, Multivariant>();
  private mpd: MpdWatch | undefined;
  private startedMs = 0;

  constructor(options: StreamWatchOptions) {
    this.options = options;
    this.tolerances = { lateMs: 400, dripMs: 150, ...options.tolerances };
  }

  async start(): Promise<void> {
    this.startedMs = performance.now();
    this.availability.start();
    this.pressure.start();
    for (const url of this.options.playlistUrls) {
      await this.lookAtMultivariant(url);
      this.loop(1000, () => this.lookAtMultivariant(url));
    }
    if (this.options.mpdUrl !== undefined) {
      this.mpd = new MpdWatch(this.options.mpdUrl, this.fetcher, this.findings, this.tolerances, this.pressure);
      const { mpd } = this;
      this.loop(2 * pollMs, () => mpd.look());
    }
    this.loop(500, () => this.compareRenditions());
  }

  /** Probes what a player never asks for: bad directives, ranges, compression, unknown names. */
  async probe(): Promise<void> {
    for (const rendition of this.renditions.values()) {
      await probeProtocol(rendition.url, this.fetcher, this.findings.at(`${rendition.name} (probe)`));
    }
  }

  async stop(): Promise<WatchReport> {
    this.stopping.abort();
    await Promise.all(this.loops);
    for (const rendition of this.renditions.values()) await rendition.settle();
    // What is compared in the end is of the same time.
    for (const url of this.options.playlistUrls) await this.readMultivariant(url);
    await this.mpd?.look();
    await this.mpd?.settle();
    await this.availability.stop();
    this.pressure.stop();
    this.fetcher.close();
    this.checkBandwidth();
    this.checkMediaTimes();
    this.checkFormats();
    const renditions = [...this.renditions.values()];
    return {
      findings: this.findings.all,
      seconds: Math.round((performance.now() - this.startedMs) / 1000),
      playlistVersions: renditions.reduce((total, rendition) => total + rendition.versions, 0),
      segments: renditions.reduce((total, rendition) => total + rendition.segments.size, 0),
      refetched: this.availability.checked,
      mpdVersions: this.mpd?.versions ?? 0,
    };
  }

  private loop(everyMs: number, look: () => Promise<void> | void): void {
    const { signal } = this.stopping;
    const run = async () => {
      while (!signal.aborted) {
        const nextMs = performance.now() + everyMs;
        await look();
        await pause(nextMs - performance.now(), signal);
      }
    };
    this.loops.push(
      run().catch((error: unknown) => this.findings.add({ rule: 'CHECKER', where: 'loop', detail: String(error) })),
    );
  }

  private async lookAtMultivariant(url: string): Promise<void> {
    await this.readMultivariant(url);
    const multivariant = this.multivariants.get(url);
    for (const uri of multivariant === undefined ? [] : mediaUris(multivariant)) {
      const mediaUrl = new URL(uri, url).href;
      if (!this.renditions.has(mediaUrl)) this.startRendition(mediaUrl);
    }
  }

  private async readMultivariant(url: string): Promise<void> {
    const report = this.findings.at(new URL(url).pathname);
    const answer = await this.ask(url, report);
    if (answer === undefined) return;
    const multivariant = readMultivariant(answer.body, report);
    const last = this.multivariants.get(url);
    if (last !== undefined) this.checkCodecs(url, last, multivariant, report);
    this.multivariants.set(url, multivariant);
  }

  /** HLS-16: CODECS names every format that is listed; a second is given for it to follow a change. */
  private checkCodecs(url: string, before: Multivariant, after: Multivariant, report: Report): void {
    for (const variant of after.variants) {
      const earlier = before.variants.find(({ uri }) => uri === variant.uri);
      const named = new Set(`${variant.CODECS},${earlier?.CODECS}`.split(','));
      const listed = this.renditions.get(new URL(variant.uri, url).href)?.listedCodecs() ?? [];
      for (const codec of listed) {
        if (![...named].some((name) => covers(name, codec)))
          report('HLS-16', `CODECS "${variant.CODECS}", but ${codec} is listed`);
      }
      // Where there is only one encoding, a level above it is no promise that has to be kept for another.
      if (new Set(listed).size === 1 && !named.has(listed[0]!))
        report('HLS-16', `CODECS "${variant.CODECS}", but all that is listed is ${listed[0]}`);
    }
  }

  private startRendition(url: string): void {
    const name = new URL(url).pathname.split('/').slice(-2).join('/');
    const { fetcher, availability, findings, tolerances, pressure } = this;
    const rendition = new RenditionWatch(url, name, fetcher, availability, findings, tolerances, pressure);
    this.renditions.set(url, rendition);
    this.loop(pollMs, async () => {
      const answer = await this.ask(url, findings.at(name));
      if (answer !== undefined) rendition.observe('plain', answer);
    });
    if (rendition.isTransportStream) return;
    this.loop(0, () => this.reloadBlocking(rendition, 'part'));
    this.loop(0, () => this.reloadBlocking(rendition, 'segment'));
    this.loop(0, () => this.reloadBlocking(rendition, 'delta'));
  }

  /** LL-11, LL-12, LL-16, LL-18: asks for what comes next, and gets exactly that. */
  private async reloadBlocking(rendition: RenditionWatch, kind: 'part' | 'segment' | 'delta'): Promise<void> {
    const { latest } = rendition;
    const canBlock = latest?.serverControl?.['CAN-BLOCK-RELOAD'] === 'YES';
    if (latest === undefined || !canBlock || latest.isEnded) {
      await pause(pollMs, this.stopping.signal);
      return;
    }
    const next = nextPosition(latest);
    const byPart = kind !== 'segment' && latest.partTarget !== undefined;
    const query = byPart ? `_HLS_msn=${next.msn}&_HLS_part=${next.part}` : `_HLS_msn=${next.openMsn}`;
    const url = `${rendition.url}?${query}${kind === 'delta' ? '&_HLS_skip=YES' : ''}`;
    const report = this.findings.at(`${rendition.name} (${kind})`);
    const answer = await this.ask(url, report, [200, 503]);
    // Once nobody polls any more, a held answer tells too late of what came meanwhile.
    if (answer === undefined || this.stopping.signal.aborted) return;
    const tookMs = answer.lastByteMs - answer.requestedMs;
    const lateMs = this.tolerances.lateMs + this.pressure.stalledMs(answer.requestedMs, answer.lastByteMs);
    if (tookMs > 3000 * latest.targetDuration + lateMs) report('LL-16', `answered after ${tookMs.toFixed(0)} ms`);
    if (answer.status === 503) return;
    const dripMs = answer.lastByteMs - answer.firstByteMs;
    if (dripMs > this.tolerances.dripMs + this.pressure.stalledMs(answer.firstByteMs, answer.lastByteMs))
      report('LL-07', `the playlist's bytes took ${dripMs.toFixed(0)} ms`);
    const playlist = rendition.observe(kind, answer);
    if (playlist !== undefined && !playlist.isEnded)
      this.checkAdvance(playlist, byPart ? next : { msn: next.openMsn }, report);
    if (playlist !== undefined) this.checkReports(rendition, playlist, answer);
  }

  private checkAdvance(
    playlist: NonNullable<RenditionWatch['latest']>,
    asked: { readonly msn: number; readonly part?: number },
    report: (rule: string, detail: string) => void,
  ): void {
    const lastComplete = playlist.segments.at(-1)?.msn ?? 0;
    const openParts = playlist.open?.msn === asked.msn ? playlist.open.parts.length : 0;
    const hasAsked = lastComplete >= asked.msn || (asked.part !== undefined && openParts > asked.part);
    if (!hasAsked)
      report(asked.part === undefined ? 'LL-11' : 'LL-12', `does not have ${asked.msn}.${asked.part ?? '*'}`);
  }

  /** LL-10: what is said of the other renditions is as fresh as the playlist, one part more or less. */
  private checkReports(
    rendition: RenditionWatch,
    playlist: NonNullable<RenditionWatch['latest']>,
    answer: Fetched,
  ): void {
    const siblings = [...this.renditions.values()].filter((other) => other !== rendition && !other.isTransportStream);
    const report = this.findings.at(rendition.name);
    for (const sibling of siblings) {
      const entry = playlist.reports.find(({ URI = '' }) => new URL(URI, rendition.url).href === sibling.url);
      if (entry === undefined) {
        if (!playlist.isEnded) report('LL-10', `no report of ${sibling.name}`);
        continue;
      }
      const claimed = { msn: Number(entry['LAST-MSN']), part: Number(entry['LAST-PART'] ?? 0) };
      const judge = (allowedMs: number) => {
        const near = sibling.positions.filter(({ atMs }) => Math.abs(atMs - answer.lastByteMs) < allowedMs);
        const before = sibling.positions.findLast(({ atMs }) => atMs <= answer.lastByteMs);
        const candidates = before === undefined ? near : [before, ...near];
        const fits = candidates.some((position) => partsBetween(sibling.partCounts, position, claimed) <= 1);
        if (candidates.length > 0 && !fits) {
          report(
            'LL-10',
            `says ${sibling.name} is at ${claimed.msn}.${claimed.part}, seen ${before?.msn}.${before?.part}`,
          );
        }
      };
      // The other playlist's answer may be on its way, or was long on it.
      const { lateMs } = this.tolerances;
      setTimeout(() => {
        const stalledMs = this.pressure.stalledMs(answer.requestedMs, performance.now());
        setTimeout(judge, stalledMs, lateMs + stalledMs);
      }, lateMs);
    }
  }

  private compareRenditions(): void {
    const watched = [...this.renditions.values()];
    for (const group of [
      watched.filter((one) => one.isTransportStream),
      watched.filter((one) => !one.isTransportStream),
    ]) {
      const [first, ...others] = group;
      for (const other of others) {
        if (first?.latest === undefined || other.latest === undefined) continue;
        checkAcross(first.latest, other.latest, this.findings.at(`${first.name} and ${other.name}`));
      }
    }
  }

  /** HLS-16: what is promised, against what was sent. */
  private checkBandwidth(): void {
    for (const [url, { variants, media }] of this.multivariants) {
      for (const variant of variants) {
        const report = this.findings.at(`${new URL(url).pathname} ${variant.uri}`);
        const uris = [
          variant.uri,
          ...media.flatMap((entry) => (entry['GROUP-ID'] === variant.AUDIO ? (entry.URI ?? []) : [])),
        ];
        const renditions = uris.map((uri) => this.renditions.get(new URL(uri, url).href));
        checkRates(variant.BANDWIDTH, variant['AVERAGE-BANDWIDTH'], renditions, report);
      }
    }
  }

  /** HLS-11, HLS-12, HLS-17: each rendition by its media, and all of them beside the first. */
  private checkMediaTimes(): void {
    const renditions = [...this.renditions.values()].filter((rendition) => !rendition.isTransportStream);
    const stories = renditions.map((rendition) => ({ name: rendition.name, timed: timedSegments(rendition) }));
    const [first, ...others] = stories;
    for (const { name, timed } of stories) checkMediaTimes(timed, this.findings.at(name));
    for (const { name, timed } of others) {
      checkTimesAcross(first!.timed, timed, this.findings.at(`${first!.name} and ${name}`));
    }
  }

  /** DASH=HLS: the same renditions, and the same bytes under the same names. */
  private checkFormats(): void {
    const { mpd, findings } = this;
    if (mpd?.latest === undefined) return;
    const report = findings.at('MPD and playlists');
    for (const [url, multivariant] of this.multivariants) {
      if (!url.endsWith('ts.m3u8')) checkSameOffer(multivariant, mpd.latest, report);
    }
    for (const rendition of this.renditions.values()) {
      for (const { fetched } of rendition.segments.values()) {
        const other = mpd.sha256ByName.get(nameOf(fetched.url));
        if (other !== undefined && other !== fetched.sha256) report('DASH=HLS', `${nameOf(fetched.url)} differs`);
      }
    }
  }

  private async ask(
    url: string,
    report: (rule: string, detail: string) => void,
    expected: readonly number[] = [200],
  ): Promise<Fetched | undefined> {
    try {
      const answer = await this.fetcher.fetch(url);
      if (expected.includes(answer.status)) return answer.status === 200 || expected.length > 1 ? answer : undefined;
      report('HTTP-02', `${url} is ${answer.status}`);
    } catch (error) {
      if (!this.stopping.signal.aborted) report('HTTP-02', `${url}: ${String(error)}`);
    }
    await pause(directAnswerMs, this.stopping.signal);
    return undefined;
  }
}

function nextPosition(playlist: NonNullable<RenditionWatch['latest']>): { msn: number; part: number; openMsn: number } {
  const { open } = playlist;
  const openMsn = (playlist.segments.at(-1)?.msn ?? playlist.mediaSequence - 1) + 1;
  const { msn, part } = lastPosition(playlist);
  if (open !== undefined && open.parts.length > 0) return { msn, part: (part ?? 0) + 1, openMsn };
  return { msn: openMsn, part: 0, openMsn };
}

function checkRates(
  peak: string | undefined,
  average: string | undefined,
  renditions: readonly (RenditionWatch | undefined)[],
  report: (rule: string, detail: string) => void,
): void {
  const bits = new Map<number, { bits: number; seconds: number; from: number }>();
  for (const rendition of renditions) {
    for (const [msn, { fetched, listing }] of rendition?.segments ?? []) {
      const sum = bits.get(msn) ?? { bits: 0, seconds: listing.duration, from: 0 };
      bits.set(msn, { ...sum, bits: sum.bits + fetched.body.length * 8, from: sum.from + 1 });
    }
  }
  const whole = [...bits.values()].filter((sum) => sum.from === renditions.length && sum.seconds >= 0.5);
  if (whole.length < 5) return;
  const highest = Math.max(...whole.map((sum) => sum.bits / sum.seconds));
  const overall =
    whole.reduce((total, sum) => total + sum.bits, 0) / whole.reduce((total, sum) => total + sum.seconds, 0);
  if (highest > Number(peak)) report('HLS-16', `BANDWIDTH ${peak}, sent up to ${Math.round(highest)} bit/s`);
  if (Math.abs(overall - Number(average)) > 0.1 * overall) {
    report('HLS-16', `AVERAGE-BANDWIDTH ${average}, sent ${Math.round(overall)} bit/s`);
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || delayMs <= 0) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener('abort', finish);
  });
}

import { readBoxes } from './boxes.ts';
import { checkInit, checkSegment, type InitFacts } from './cmaf-rules.ts';
import type { Fetched, Fetching } from './fetch.ts';
import type { Findings, Report } from './findings.ts';
import type { MachinePressure } from './machine-pressure.ts';
import {
  attributesOf,
  children,
  type Mpd,
  type MpdPeriod,
  type MpdRepresentation,
  parseDuration,
  readMpd,
} from './mpd.ts';
import { checkMpd, checkMpdMutation, isChunked } from './mpd-rules.ts';
import type { Tolerances } from './rendition-watch.ts';

/** Two target durations of the default, until an absence is certain, and an update period. */
const takenBackWithinMs = 5000;

/** The last number that a period covers; without end while it is not over. */
function lastNumberOf(period: MpdPeriod, { startNumber, fixedDurationTicks, timescale }: MpdRepresentation): number {
  if (period.durationSeconds === undefined || fixedDurationTicks === undefined) return Number.POSITIVE_INFINITY;
  return startNumber + Math.ceil((period.durationSeconds * timescale) / fixedDurationTicks - 0.001) - 1;
}

/** Every version of one MPD, and the segments it promises. */
export class MpdWatch {
  versions = 0;
  /** Of segments that were fetched, by the last two steps of their path: `480p/segment-7.m4s`. */
  readonly sha256ByName = new Map<string, string>();
  private readonly url: string;
  private readonly fetcher: Fetching;
  private readonly report: Report;
  private readonly tolerances: Tolerances;
  private readonly pressure: Pick<MachinePressure, 'stalledMs'>;
  private last: { readonly text: string; readonly mpd: Mpd } | undefined;
  private readonly asked = new Set<string>();
  private readonly inits = new Map<string, Promise<InitFacts | undefined>>();
  private readonly pending = new Set<Promise<unknown>>();
  private hasCheckedClock = false;

  constructor(
    url: string,
    fetcher: Fetching,
    findings: Findings,
    tolerances: Tolerances,
    pressure: Pick<MachinePressure, 'stalledMs'>,
  ) {
    this.url = url;
    this.fetcher = fetcher;
    this.tolerances = tolerances;
    this.pressure = pressure;
    this.report = findings.at(new URL(url).pathname);
  }

  /** The newest version. */
  get latest(): Mpd | undefined {
    return this.last?.mpd;
  }

  /** One look; never rejects. */
  async look(): Promise<void> {
    try {
      const answer = await this.fetcher.fetch(this.url);
      if (answer.status !== 200) return this.report('HTTP-02', `the MPD is ${answer.status}`);
      this.take(answer);
    } catch (error) {
      this.report('HTTP-02', `the MPD: ${String(error)}`);
    }
  }

  async settle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  private take(answer: Fetched): void {
    const text = new TextDecoder().decode(answer.body);
    const mpd = text === this.last?.text ? this.last.mpd : readMpd(text, this.url, this.report);
    if (mpd === undefined) return;
    if (mpd !== this.last?.mpd) {
      this.versions++;
      if (!/^application\/dash\+xml\b/.test(answer.headers['content-type'] ?? '')) {
        this.report('D-01', `content-type ${answer.headers['content-type']}`);
      }
      checkMpd(mpd, this.report);
      if (this.last !== undefined) checkMpdMutation(this.last.mpd, mpd, [this.last.text, text], this.report);
      this.last = { text, mpd };
    }
    if (!this.hasCheckedClock) this.track(this.checkClock(mpd));
    for (const period of mpd.periods) {
      for (const representation of period.representations) this.follow(mpd, period, representation);
    }
  }

  private follow(mpd: Mpd, period: MpdPeriod, representation: MpdRepresentation): void {
    if (representation.timeline !== undefined) {
      // D-06: what is listed is there, the oldest too.
      for (const segment of representation.timeline) {
        const url = representation.mediaUrl(segment.number, segment.startTicks);
        if (this.isNew(url))
          this.track(this.checkListed(representation, url, segment.startTicks, segment.durationTicks));
      }
      return;
    }
    const next = this.numberNow(mpd, period, representation);
    if (next === undefined || next < representation.startNumber) return;
    const url = representation.mediaUrl(next, 0);
    if (this.isNew(url)) this.track(this.checkNumbered(period, representation, next, url));
  }

  /** The newest number a client may ask for: D-07. */
  private numberNow(mpd: Mpd, period: MpdPeriod, representation: MpdRepresentation): number | undefined {
    const { fixedDurationTicks, timescale, template, startNumber } = representation;
    const startMs = Date.parse(mpd.attributes.availabilityStartTime ?? '');
    if (
      fixedDurationTicks === undefined ||
      Number.isNaN(startMs) ||
      mpd.attributes.mediaPresentationDuration !== undefined
    ) {
      return undefined;
    }
    const seconds = fixedDurationTicks / timescale;
    const sinceStart = (Date.now() - startMs) / 1000 - (period.startSeconds ?? 0);
    const offset = Number(template.availabilityTimeOffset ?? 0);
    const newest = startNumber + Math.floor((sinceStart + offset) / seconds) - 1;
    return Math.min(newest, lastNumberOf(period, representation));
  }

  private async checkListed(
    representation: MpdRepresentation,
    url: string,
    startTicks: number,
    durationTicks: number,
  ): Promise<void> {
    const report = this.reporterOf(url);
    const fetched = await this.fetchSegment(url, report);
    const init = await this.initOf(representation);
    if (fetched !== undefined) this.sha256ByName.set(nameOf(url), fetched.sha256);
    if (fetched === undefined || init === undefined) return;
    const facts = checkSegment(fetched.body, init, true, report);
    if (facts === undefined) return;
    if (facts.startTicks !== startTicks) report('D-08', `${url}: S@t ${startTicks}, tfdt ${facts.startTicks}`);
    if (facts.durationTicks !== durationTicks)
      report('D-08', `${url}: S@d ${durationTicks}, media ${facts.durationTicks}`);
  }

  /** D-07, D-08, D-16: asks for a segment the moment it may be asked for, often while it is being made. */
  private async checkNumbered(
    period: MpdPeriod,
    representation: MpdRepresentation,
    number: number,
    url: string,
  ): Promise<void> {
    const report = this.reporterOf(url);
    const early = await this.fetcher.fetch(representation.mediaUrl(number + 3, 0));
    if (early.status !== 404) report('D-07', `${early.url} is ${early.status} long before its time`);
    const answer = await this.fetcher.fetch(url);
    if (answer.status === 404) {
      await this.checkMissing(period, representation, number, report);
      return;
    }
    if (answer.status === 200) this.sha256ByName.set(nameOf(url), answer.sha256);
    else report('D-06', `${url} is ${answer.status}`);
    const init = await this.initOf(representation);
    if (answer.status !== 200 || init === undefined) return;
    const facts = checkSegment(answer.body, init, true, report);
    if (isChunked(representation)) checkFlushes(answer, this.tolerances, this.pressure, report);
    if (facts === undefined) return;
    const { fixedDurationTicks = 0, presentationTimeOffset, startNumber, timescale } = representation;
    const nominal = presentationTimeOffset + (number - startNumber) * fixedDurationTicks;
    if (Math.abs(facts.startTicks - nominal) > fixedDurationTicks / 2) {
      report(
        'D-08',
        `${url} of period ${period.id} begins ${((facts.startTicks - nominal) / timescale).toFixed(3)} s off its number`,
      );
    }
  }

  /** D-06: a number that was promised may fail when the publisher just vanished; then the promise has to be taken back soon. */
  private async checkMissing(
    period: MpdPeriod,
    { id }: MpdRepresentation,
    number: number,
    report: Report,
  ): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, takenBackWithinMs));
    const now = this.last?.mpd.periods.find((candidate) => candidate.id === period.id);
    const representation = now?.representations.find((candidate) => candidate.id === id);
    if (now === undefined || representation === undefined) return;
    if (number <= lastNumberOf(now, representation))
      report('D-06', `segment ${number} of ${period.id} is 404, and still promised`);
  }

  private initOf(representation: MpdRepresentation): Promise<InitFacts | undefined> {
    const known = this.inits.get(representation.initUrl);
    if (known !== undefined) return known;
    const loading = this.loadInit(representation).catch(() => undefined);
    this.inits.set(representation.initUrl, loading);
    return loading;
  }

  private async loadInit({ initUrl, attributes, timescale }: MpdRepresentation): Promise<InitFacts | undefined> {
    const report = this.reporterOf(initUrl);
    const fetched = await this.fetchSegment(initUrl, report);
    const facts = fetched === undefined ? undefined : checkInit(fetched.body, report);
    if (facts !== undefined && facts.codec !== attributes.codecs)
      report('D-11', `codecs "${attributes.codecs}", init ${facts.codec}`);
    if (facts !== undefined && facts.timescale !== timescale)
      report('D-11', `timescale ${timescale}, init ${facts.timescale}`);
    return facts;
  }

  private async fetchSegment(url: string, report: Report): Promise<Fetched | undefined> {
    try {
      const fetched = await this.fetcher.fetch(url);
      if (fetched.status === 200) return fetched;
      report('D-06', `${url} is ${fetched.status}`);
    } catch (error) {
      report('D-06', `${url}: ${String(error)}`);
    }
    return undefined;
  }

  /** D-09: the clock it names answers with the time. */
  private async checkClock(mpd: Mpd): Promise<void> {
    this.hasCheckedClock = true;
    for (const { schemeIdUri = '', value = '' } of children(mpd.element, 'UTCTiming').map(attributesOf)) {
      if (!schemeIdUri.includes(':http-')) continue;
      const answer = await this.fetcher.fetch(new URL(value, this.url).href).catch(() => undefined);
      const offMs = Date.parse(new TextDecoder().decode(answer?.body ?? new Uint8Array()).trim()) - Date.now();
      if (!(Math.abs(offMs) < 1000)) this.report('D-09', `${value} is off by ${offMs} ms (status ${answer?.status})`);
      if (answer?.headers['cache-control'] !== 'no-store')
        this.report('D-09', `cache-control ${answer?.headers['cache-control']}`);
      if (answer?.headers['access-control-allow-origin'] !== '*') this.report('D-09', 'no CORS');
    }
    const depth = parseDuration(mpd.attributes.timeShiftBufferDepth);
    if (depth !== undefined && depth < 3) this.report('D-06', `timeShiftBufferDepth ${depth} s`);
  }

  private isNew(url: string): boolean {
    if (this.asked.has(url)) return false;
    this.asked.add(url);
    return true;
  }

  private reporterOf(url: string): Report {
    const name = new URL(url).pathname.split('/').slice(-2, -1)[0] ?? '';
    return (rule, detail) => this.report(rule, `${name}: ${detail}`);
  }

  private track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => this.report('CHECKER', String(error)))
      .finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }
}

/** The rendition and the file, which other formats have too. */
export function nameOf(url: string): string {
  return new URL(url).pathname.split('/').slice(-2).join('/');
}

/** D-16: whenever the bytes pause, what has come ends with a whole chunk. */
export function checkFlushes(
  fetched: Fetched,
  { dripMs }: Tolerances,
  pressure: Pick<MachinePressure, 'stalledMs'>,
  report: Report,
): void {
  for (const [index, arrival] of fetched.arrivals.entries()) {
    const next = fetched.arrivals[index + 1];
    if (next === undefined) continue;
    if (next.atMs - arrival.atMs < dripMs + pressure.stalledMs(arrival.atMs, next.atMs)) continue;
    try {
      const last = readBoxes(fetched.body.subarray(0, arrival.totalBytes)).at(-1);
      if (last?.type !== 'mdat') report('D-16', `the bytes paused after ${last?.type}`);
    } catch {
      report('D-16', `the bytes paused inside a chunk, after ${arrival.totalBytes}`);
    }
  }
}

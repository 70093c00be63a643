import { setTimeout as delay } from 'node:timers/promises';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import { checkInit } from '../support/checker/cmaf-rules.ts';
import { findStamps } from './frame-stamp.ts';
import { readPlaylist } from './hls-playlist.ts';

/** A frame as a viewer got it. */
interface TracedFrame {
  /** When the last byte of its part was here, on the monotonic clock. */
  readonly atMs: number;
  /** Segment it is in. */
  readonly msn: number;
  /** In the source alone: the number its publisher gave it. */
  readonly stamp: number | undefined;
}

export interface TracedSegment {
  readonly firstPtsMs: number;
  readonly frames: number;
}

/** One rendition as a low-latency viewer gets it: every frame by its presentation time, and what the playlist confessed. */
export class RenditionTrace {
  /** By presentation time in microseconds, which are the same in all renditions. */
  readonly frames = new Map<number, TracedFrame>();
  /** When each part was here, by segment and index. */
  readonly parts = new Map<string, number>();
  discontinuities = 0;
  gaps = 0;
  /** When each playlist was asked for, and how long it took: blocking reloads wait for their part. */
  readonly answers: { readonly askedMs: number; readonly tookMs: number; readonly status: number }[] = [];
  readonly url: string;
  private readonly headers: Readonly<Record<string, string>>;
  private timescale = 0;
  private readonly noted = new Set<string>();

  /** `headers` go with each request. */
  constructor(playlistUrl: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = playlistUrl;
    this.headers = headers;
  }

  /** Does what a low-latency player does, until `signal` is aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    const seen = new Set<string>();
    let query = '';
    while (!signal.aborted) {
      try {
        const askedMs = performance.now();
        const answer = await fetch(`${this.url}${query}`, { signal, headers: this.headers });
        const text = await answer.text();
        this.answers.push({ askedMs, tookMs: performance.now() - askedMs, status: answer.status });
        if (answer.status === 503) continue; // nothing came for three target durations
        if (answer.status === 404 && seen.size === 0) {
          await delay(100, undefined, { signal }); // it is not planned yet
          continue;
        }
        if (!answer.ok) throw new Error(`${this.url} answered ${answer.status}`);
        this.note(text);
        if (this.timescale === 0) this.timescale = await this.readTimescale(text, signal);
        const { parts, next } = readPlaylist(text, this.url);
        const fresh = seen.size === 0 ? parts.slice(-1) : parts.filter((part) => !seen.has(part));
        for (const part of parts) seen.add(part);
        for (const part of fresh) await this.download(part, signal);
        if (next === undefined)
          await delay(100, undefined, { signal }); // nothing is made of it yet
        else query = `?_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  /** Segments of which everything is here, by number. */
  segments(): Map<number, TracedSegment> {
    const segments = new Map<number, TracedSegment>();
    for (const [ptsUs, { msn }] of this.frames) {
      const before = segments.get(msn);
      segments.set(msn, {
        firstPtsMs: Math.min(before?.firstPtsMs ?? Number.POSITIVE_INFINITY, ptsUs / 1000),
        frames: (before?.frames ?? 0) + 1,
      });
    }
    // The first was perhaps joined in its middle; the last is not over.
    const numbers = [...segments.keys()].sort((a, b) => a - b);
    for (const msn of [numbers.at(0), numbers.at(-1)]) if (msn !== undefined) segments.delete(msn);
    return segments;
  }

  private async download(url: string, signal: AbortSignal): Promise<void> {
    const answer = await fetch(url, { signal, headers: this.headers });
    const bytes = await answer.bytes();
    if (!answer.ok) return; // a gap: the playlist says so
    const atMs = performance.now();
    const [, part = '', msn] = /segment-((\d+)\.\d+)/.exec(url) ?? [];
    this.parts.set(part, atMs);
    for (const { baseDecodeTimeTicks, samples } of readFragments(bytes)) {
      let decodeTicks = baseDecodeTimeTicks;
      for (const { compositionOffsetTicks, durationTicks, data } of samples) {
        const ptsUs = Math.round(((decodeTicks + compositionOffsetTicks) * 1e6) / this.timescale);
        this.frames.set(ptsUs, { atMs, msn: Number(msn), stamp: findStamps(data)[0] });
        decodeTicks += durationTicks;
      }
    }
  }

  private async readTimescale(playlist: string, signal: AbortSignal): Promise<number> {
    const uri = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1];
    if (uri === undefined) return 0;
    const answer = await fetch(new URL(uri, this.url), { signal, headers: this.headers });
    return checkInit(await answer.bytes(), () => {})?.timescale ?? 0;
  }

  /** Counts each discontinuity and each gap once, by the address of the segment behind its tag. */
  private note(playlist: string): void {
    let pending: string[] = [];
    for (const line of playlist.split('\n')) {
      if (line === '#EXT-X-DISCONTINUITY' || line === '#EXT-X-GAP') pending.push(line);
      if (line.startsWith('#') || line.trim() === '') continue;
      for (const tag of pending) {
        if (this.noted.has(`${tag} ${line}`)) continue;
        this.noted.add(`${tag} ${line}`);
        if (tag === '#EXT-X-GAP') this.gaps++;
        else this.discontinuities++;
      }
      pending = [];
    }
  }
}

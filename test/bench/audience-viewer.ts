import type { Fetch, MediaFetch, PlaylistVersion } from '../../src/load/followed-rendition.ts';
import type { HlsViewer } from '../../src/load/hls-viewer.ts';
import type { SimulatedViewer } from '../../src/load/simulated-viewer.ts';
import type { Visit } from './audience-ledger.ts';
import type { Visitor } from './audience-visitors.ts';

/** A player of plain HLS that keeps account of its own stay. */
export class AudienceViewer implements SimulatedViewer {
  readonly visitor: Visitor;
  private readonly player: HlsViewer;
  /** Told once, when its picture begins. */
  private readonly playing: (viewer: AudienceViewer) => void;
  private cameAtMs: number | undefined;
  private leftAtMs: number | undefined;
  private firstMediaAtMs: number | undefined;
  private lastMediaAtMs = 0;
  private lastAnswerAtMs = 0;
  private toldPlayingAtMs: number | undefined;
  private toldEndAtMs: number | undefined;

  constructor(visitor: Visitor, player: HlsViewer, playing: (viewer: AudienceViewer) => void) {
    this.visitor = visitor;
    this.player = player;
    this.playing = playing;
  }

  get buffer() {
    return this.player.buffer;
  }
  get judgedParts() {
    return this.player.judgedParts;
  }
  get lateParts() {
    return this.player.lateParts;
  }

  next(nowMs: number): Fetch | number {
    const fetch = this.player.next(nowMs);
    const { query } = this.visitor;
    if (query === '' || typeof fetch === 'number') return fetch;
    return { ...fetch, head: fetch.head.replace(' HTTP/', `${fetch.head.includes('?') ? '&' : '?'}${query} HTTP/`) };
  }

  gotPlaylist(version: PlaylistVersion, requestedMs: number): void {
    this.lastAnswerAtMs = wallMs();
    this.cameAtMs ??= this.lastAnswerAtMs;
    this.player.gotPlaylist(version, requestedMs);
  }

  gotMedia(media: MediaFetch, nowMs: number): void {
    this.player.gotMedia(media, nowMs);
    this.lastAnswerAtMs = wallMs();
    // An init segment is no media that could be watched.
    if (media.msn < 0) return;
    this.lastMediaAtMs = this.lastAnswerAtMs;
    this.firstMediaAtMs ??= this.lastAnswerAtMs;
    if (this.visitor.kind !== 'reporting' || this.toldPlayingAtMs !== undefined || !this.buffer.isPlaying) return;
    this.toldPlayingAtMs = this.lastAnswerAtMs;
    this.playing(this);
  }

  /** It leaves; `isTold`: and says so. */
  leave(isTold: boolean): void {
    this.leftAtMs = wallMs();
    if (isTold) this.toldEndAtMs = this.leftAtMs;
  }

  /** Undefined while it has not come. */
  visit(): Visit | undefined {
    const { cameAtMs, leftAtMs, visitor } = this;
    if (cameAtMs === undefined) return undefined;
    return { kind: visitor.kind, cameAtMs, leftAtMs, watchedMs: this.watchedMs() };
  }

  private watchedMs(): number {
    const { toldPlayingAtMs, toldEndAtMs, firstMediaAtMs, lastMediaAtMs, lastAnswerAtMs } = this;
    if (toldPlayingAtMs !== undefined) return (toldEndAtMs ?? lastAnswerAtMs) - toldPlayingAtMs;
    return firstMediaAtMs === undefined ? 0 : lastMediaAtMs - firstMediaAtMs;
  }
}

export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

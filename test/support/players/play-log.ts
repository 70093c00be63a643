/** A time by the wall clock of the page, ms since the epoch, with fractions. */
type WallMs = number;

/** The picture stood still although nobody had stopped it. */
export interface Standstill {
  readonly fromMs: WallMs;
  /** Undefined: it still does. */
  readonly toMs: WallMs | undefined;
}

/** From this time on the picture had this height. */
export interface ShownHeight {
  readonly atMs: WallMs;
  readonly height: number;
}

/** What a media element itself went through, whoever plays into it. */
export interface PlayLogView {
  /** When somebody wished to watch. */
  readonly wishedAtMs: WallMs;
  /** The element's first `playing`. */
  readonly playingAtMs: WallMs | undefined;
  /** When its position first moved. */
  readonly movedAtMs: WallMs | undefined;
  readonly playedMs: number;
  readonly standstills: readonly Standstill[];
  readonly heights: readonly ShownHeight[];
  /** Its own events, in order: `waiting`, `playing`, `seeking`, … */
  readonly events: readonly { readonly atMs: WallMs; readonly name: string }[];
  readonly readAtMs: WallMs;
}

const sampleMs = 40;
/** A picture that stands for a shorter time is not noticed, nor can it be told from sampling. */
const shortestStandstillMs = 60;
/** What the position may gain beyond the time that passed: samples come late, players hurry a little. */
const jumpMs = 200;
/** After a standstill the position has come to its pace when so much time has passed. */
const haltingMs = 500;
const noted = ['loadstart', 'playing', 'waiting', 'seeking', 'seeked', 'pause', 'ended', 'error', 'emptied'] as const;

const wallMs = () => performance.timeOrigin + performance.now();

/** Runs inside Chromium: keeps the account against which a server's is held. By the element's position, its size and its events alone. */
export class PlayLog {
  private readonly video: HTMLVideoElement;
  private readonly wishedAtMs: WallMs;
  private readonly events: { readonly atMs: WallMs; readonly name: string }[] = [];
  private readonly standstills: { readonly fromMs: WallMs; toMs: WallMs | undefined }[] = [];
  private readonly heights: ShownHeight[] = [];
  private playingAtMs: WallMs | undefined;
  private movedAtMs: WallMs | undefined;
  private playedMs = 0;
  private position = 0;
  /** When the position reached where it is. */
  private reachedAtMs: WallMs = 0;
  private sampledAtMs: WallMs = 0;
  private isStanding = false;
  /** Where it stands, or stood last. */
  private stoodAt = 0;
  /** Until then it may not have come to its pace since it stood. */
  private haltsUntilMs: WallMs = 0;

  /** `wishedAtMs`: when somebody wished to watch. */
  constructor(video: HTMLVideoElement, wishedAtMs: WallMs = wallMs()) {
    this.video = video;
    this.wishedAtMs = wishedAtMs;
    for (const name of noted) video.addEventListener(name, () => this.note(name));
    video.addEventListener('resize', () => this.resized());
    setInterval(() => this.sample(wallMs()), sampleMs);
  }

  view(): PlayLogView {
    const readAtMs = wallMs();
    this.sample(readAtMs);
    const { wishedAtMs, playingAtMs, movedAtMs, playedMs, heights, events } = this;
    const standstills = this.standstills.filter(
      ({ fromMs, toMs }) => (toMs ?? readAtMs) - fromMs >= shortestStandstillMs,
    );
    return { wishedAtMs, playingAtMs, movedAtMs, playedMs, standstills, heights, events, readAtMs };
  }

  private note(name: string): void {
    const atMs = wallMs();
    if (name === 'playing') this.playingAtMs ??= atMs;
    this.events.push({ atMs, name });
  }

  private resized(): void {
    const height = this.video.videoHeight;
    if (height > 0 && this.heights.at(-1)?.height !== height) this.heights.push({ atMs: wallMs(), height });
  }

  private sample(nowMs: WallMs): void {
    const { video, sampledAtMs } = this;
    const position = video.currentTime;
    const moved = (position - this.position) * 1000;
    const isJump = video.seeking || moved < 0 || moved > (nowMs - sampledAtMs) * 1.5 + jumpMs;
    this.position = position;
    this.sampledAtMs = nowMs;
    if (this.movedAtMs === undefined) {
      // A live stream begins by a jump to where it is live.
      if (!video.paused && moved > 0 && !isJump) this.movedAtMs = nowMs - moved;
      this.reachedAtMs = nowMs;
      return;
    }
    if (isJump) this.jumped();
    if (moved > 0 && !isJump) this.moved(moved, sampledAtMs, nowMs);
    else if (video.paused || video.ended) this.rest(nowMs);
    else if (!this.isStanding) this.stand();
  }

  private moved(moved: number, sinceMs: WallMs, nowMs: WallMs): void {
    this.playedMs += moved;
    // It may have begun or stopped anywhere between two samples, and moves haltingly at first: where it is says when.
    if (this.isStanding) this.haltsUntilMs = nowMs + haltingMs;
    if (nowMs <= this.haltsUntilMs) {
      const last = this.standstills.at(-1)!;
      const playedMs = ((this.position - this.stoodAt) * 1000) / this.video.playbackRate;
      last.toMs = Math.max(last.toMs ?? this.reachedAtMs, nowMs - playedMs);
    }
    this.reachedAtMs = this.isStanding ? nowMs : Math.min(nowMs, sinceMs + moved);
    this.isStanding = false;
  }

  private jumped(): void {
    this.stoodAt = this.position;
    this.haltsUntilMs = 0;
  }

  private stand(): void {
    this.isStanding = true;
    this.haltsUntilMs = 0;
    this.stoodAt = this.position;
    this.standstills.push({ fromMs: this.reachedAtMs, toMs: undefined });
  }

  private rest(nowMs: WallMs): void {
    if (this.isStanding) this.standstills.at(-1)!.toMs = nowMs;
    this.isStanding = false;
    this.reachedAtMs = nowMs;
  }
}

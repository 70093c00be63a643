import { FollowedRendition } from './followed-rendition.ts';
import { HlsViewer } from './hls-viewer.ts';
import { LlHlsViewer } from './ll-hls-viewer.ts';
import { LoadCounters, type LoadFigures } from './load-figures.ts';
import type { SimulatedViewer } from './simulated-viewer.ts';
import { TimerWheel } from './timer-wheel.ts';
import { type Crowd, ViewerConnection } from './viewer-connection.ts';

export type ViewerKind = 'hls' | 'll-hls';

export interface CrowdOptions {
  readonly kind: ViewerKind;
  /** Media playlists of one server; viewer `number` follows number modulo their count. */
  readonly playlistUrls: readonly string[];
  /** The viewers of this process: `count` numbers from `first` on, `step` apart. */
  readonly numbers: { readonly first: number; readonly step: number; readonly count: number };
  /** Viewer `number` arrives after `number * arrivalEveryMs`. */
  readonly arrivalEveryMs: number;
}

const tickMs = 5;
const wheelSlots = 4096;
const readBufferBytes = 512 * 1024;
/** So many requests go out between two looks at what has come in: an answer does not lie around while thousands are asked for. */
const requestsPerTurn = 64;

/** The viewers of one process: one timer, one read buffer, and each playlist read once for all of them. */
export class ViewerCrowd implements Crowd {
  readonly server: { readonly host: string; readonly port: number };
  readonly counters = new LoadCounters();
  readonly readBuffer = Buffer.alloc(readBufferBytes);
  readonly renditions: readonly FollowedRendition[];
  private readonly connections = new Set<ViewerConnection>();
  /** Those that have left. */
  private readonly gone: SimulatedViewer[] = [];
  private readonly wheel: TimerWheel<ViewerConnection>;
  private readonly timer: NodeJS.Timeout;
  private outbox: ViewerConnection[] = [];
  private outboxAt = 0;
  private lastTickMs: number;
  private lastSweepMs: number;
  private maxLateMs = 0;
  private measuredSince: { readonly atMs: number; readonly cpuMicroseconds: number } | undefined;

  constructor({ kind, playlistUrls, numbers, arrivalEveryMs }: CrowdOptions) {
    const { hostname, port } = new URL(playlistUrls[0]!);
    this.server = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
    const nowMs = performance.now();
    this.lastTickMs = nowMs;
    this.lastSweepMs = nowMs;
    this.wheel = new TimerWheel({ tickMs, slotCount: wheelSlots, nowMs });
    this.renditions = playlistUrls.map((url) => new FollowedRendition(url));
    for (let index = 0; index < numbers.count; index++) {
      const number = numbers.first + index * numbers.step;
      const rendition = this.renditions[number % this.renditions.length]!;
      const viewer = kind === 'hls' ? new HlsViewer(rendition) : new LlHlsViewer(rendition);
      this.arrive(viewer, headersOf(number), nowMs + number * arrivalEveryMs);
    }
    this.timer = setInterval(this.tick, tickMs);
  }

  /** One more viewer, from `atMs` (monotonic) on. `headers`: lines of its own in each request, each with its end. */
  arrive(viewer: SimulatedViewer, headers: string, atMs: number): ViewerConnection {
    const connection = new ViewerConnection(viewer, headers, this);
    this.connections.add(connection);
    this.wheel.add(connection, atMs);
    return connection;
  }

  /** It leaves without a word; what it has met stays counted. */
  depart(connection: ViewerConnection): void {
    if (!this.connections.delete(connection)) return;
    connection.close();
    connection.viewer.buffer.finish(performance.now());
    this.gone.push(connection.viewer);
  }

  /** Viewers that have begun to play. */
  get playing(): number {
    let count = 0;
    for (const { viewer } of this.connections) if (viewer.buffer.isPlaying) count++;
    return count;
  }

  beginMeasuring(): void {
    this.counters.clear();
    this.measuredSince = { atMs: performance.now(), cpuMicroseconds: cpuMicroseconds() };
  }

  /** What was measured since beginMeasuring(); errors, stalls, parts and the timer's lateness since the beginning. */
  figures(): LoadFigures {
    const nowMs = performance.now();
    const { measuredSince, counters } = this;
    const present = Array.from(this.connections, ({ viewer }) => viewer);
    for (const { buffer } of present) buffer.finish(nowMs);
    const viewers = [...this.gone, ...present];
    const sum = (of: (viewer: (typeof viewers)[number]) => number) =>
      viewers.reduce((total, viewer) => total + of(viewer), 0);
    return {
      requests: counters.requests,
      receivedBytes: counters.receivedBytes,
      playlists: { counts: counters.playlists.counts, maxMs: counters.playlists.maxMs },
      media: { counts: counters.media.counts, maxMs: counters.media.maxMs },
      absences: { counts: counters.absences.counts, maxMs: counters.absences.maxMs },
      errors: Object.fromEntries(counters.errors),
      viewers: viewers.length,
      playing: this.playing,
      stalls: sum(({ buffer }) => buffer.stalls),
      stalledViewers: sum(({ buffer }) => (buffer.stalls > 0 ? 1 : 0)),
      longestStalledMs: viewers.reduce((most, { buffer }) => Math.max(most, buffer.stalledMs), 0),
      judgedParts: sum(({ judgedParts }) => judgedParts),
      lateParts: sum(({ lateParts }) => lateParts),
      coreFraction:
        measuredSince === undefined
          ? 0
          : (cpuMicroseconds() - measuredSince.cpuMicroseconds) / 1000 / (nowMs - measuredSince.atMs),
      maxLateMs: this.maxLateMs,
    };
  }

  /** All leave at once. */
  stop(): void {
    clearInterval(this.timer);
    for (const connection of this.connections) connection.close();
  }

  enqueue(connection: ViewerConnection): void {
    if (this.outbox.length === 0) setImmediate(this.flush);
    this.outbox.push(connection);
  }

  wakeAt(connection: ViewerConnection, atMs: number): void {
    this.wheel.add(connection, atMs);
  }

  private readonly flush = (): void => {
    const end = Math.min(this.outbox.length, this.outboxAt + requestsPerTurn);
    while (this.outboxAt < end) this.outbox[this.outboxAt++]!.send(performance.now());
    if (this.outboxAt < this.outbox.length) {
      setImmediate(this.flush);
      return;
    }
    this.outbox = [];
    this.outboxAt = 0;
  };

  private readonly tick = (): void => {
    const nowMs = performance.now();
    this.maxLateMs = Math.max(this.maxLateMs, nowMs - this.lastTickMs - tickMs);
    this.lastTickMs = nowMs;
    this.wheel.advance(nowMs, (connection) => connection.wake(nowMs));
    if (nowMs - this.lastSweepMs < 1000) return;
    this.lastSweepMs = nowMs;
    for (const connection of this.connections) connection.checkTimeout(nowMs);
  };
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** As long as a browser's; each viewer has its own name. */
function headersOf(number: number): string {
  return [
    `User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) streamctl-bench/${number}`,
    'Accept: */*',
    'Accept-Language: en-US,en;q=0.9',
    'Origin: http://watch.example.org',
    'Referer: http://watch.example.org/',
    '',
  ].join('\r\n');
}

import { connect, type Socket } from 'node:net';
import type { Fetch, PlaylistFetch, PlaylistVersion } from './followed-rendition.ts';
import type { LoadCounters } from './load-figures.ts';
import { ResponseReader } from './response-reader.ts';
import type { SimulatedViewer } from './simulated-viewer.ts';

/** What the viewers of a process share. */
export interface Crowd {
  readonly server: { readonly host: string; readonly port: number };
  readonly counters: LoadCounters;
  /** Every socket reads into it: bytes are looked at before the next socket's come. */
  readonly readBuffer: Buffer;
  /** Has `send` called soon. */
  enqueue(connection: ViewerConnection): void;
  /** Has `wake` called at that time or before. */
  wakeAt(connection: ViewerConnection, atMs: number): void;
}

/** An answer that takes longer is an error; the longest a blocked reload may take is three target durations. */
const answerTimeoutMs = 10_000;
/** After an error a player tries again. */
const retryMs = 200;

/** One viewer and its one keep-alive connection. */
export class ViewerConnection {
  readonly viewer: SimulatedViewer;
  private readonly crowd: Crowd;
  private readonly headers: string;
  private readonly reader = new ResponseReader();
  private socket: Socket | undefined;
  private isConnected = false;
  private fetch: Fetch | undefined;
  private requestedMs = 0;
  private isRequested = false;
  private retryAtMs = 0;
  /** When it lost its connection, until it has another. */
  private lostAtMs: number | undefined;
  private isClosed = false;

  /** `headers` are the viewer's own lines of each request. */
  constructor(viewer: SimulatedViewer, headers: string, crowd: Crowd) {
    this.viewer = viewer;
    this.headers = `${headers}\r\n`;
    this.crowd = crowd;
  }

  open(): void {
    if (this.isClosed) return;
    const { host, port } = this.crowd.server;
    const socket = connect({
      host,
      port,
      noDelay: true,
      onread: { buffer: this.crowd.readBuffer, callback: this.onBytes },
    });
    this.socket = socket;
    socket.once('connect', () => {
      this.isConnected = true;
      this.connected(performance.now());
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.socket === socket) this.failed(error.code ?? error.message);
    });
    socket.once('close', () => {
      if (this.socket === socket) this.failed('closed');
    });
  }

  /** Leaves without a word, as viewers do. */
  close(): void {
    this.isClosed = true;
    this.socket?.destroy();
    this.socket = undefined;
  }

  /** It may be time for something: also called too early, or for nothing. */
  wake(nowMs: number): void {
    if (this.isClosed || this.fetch !== undefined) return;
    if (nowMs < this.retryAtMs) return;
    if (this.socket === undefined) this.open();
    else if (this.isConnected) this.proceed(nowMs);
  }

  /** Its turn to put a request on the wire. */
  send(nowMs: number): void {
    if (this.fetch === undefined || !this.isConnected) return;
    this.requestedMs = nowMs;
    this.isRequested = true;
    this.socket?.write(this.fetch.head + this.headers, 'latin1');
  }

  checkTimeout(nowMs: number): void {
    if (this.isRequested && nowMs - this.requestedMs > answerTimeoutMs) this.failed('no answer');
  }

  private proceed(nowMs: number): void {
    if (!this.isConnected) return;
    const wanted = this.viewer.next(nowMs);
    if (typeof wanted === 'number') {
      this.crowd.wakeAt(this, wanted);
      return;
    }
    this.fetch = wanted;
    this.crowd.enqueue(this);
  }

  private readonly onBytes = (count: number, buffer: Uint8Array): boolean => {
    const { counters } = this.crowd;
    const { fetch, reader } = this;
    counters.receivedBytes += count;
    const isPlaylist = fetch?.kind === 'playlist';
    if (isPlaylist && reader.isFresh) {
      const repeated = fetch.rendition.versionOfRepeated(this.crowd.readBuffer, count);
      if (repeated !== undefined) {
        this.gotPlaylist(fetch, repeated, performance.now());
        return true;
      }
    }
    const bytes = buffer.subarray(0, count) as Buffer;
    const isWholeResponse = reader.isFresh;
    switch (reader.read(bytes, isPlaylist)) {
      case 'more':
        return true;
      case 'malformed':
        // A refusal may end with its connection instead of having a length.
        this.failed(reader.status === 0 || reader.status === 200 ? 'malformed answer' : this.refusal());
        return false;
      case 'whole':
        this.gotAnswer(isWholeResponse ? bytes : undefined);
        return true;
    }
  };

  private gotAnswer(response: Buffer | undefined): void {
    const { fetch, reader } = this;
    const nowMs = performance.now();
    const body = reader.takeBody();
    if (fetch === undefined || reader.status !== 200) {
      this.failed(this.refusal());
      return;
    }
    if (fetch.kind === 'playlist') {
      this.gotPlaylist(fetch, fetch.rendition.versionOf(body, response, nowMs), nowMs);
      return;
    }
    this.answered();
    this.crowd.counters.media.add(nowMs - this.requestedMs);
    this.viewer.gotMedia(fetch, nowMs);
    this.proceed(nowMs);
  }

  private gotPlaylist({ isBlocking }: PlaylistFetch, version: PlaylistVersion, nowMs: number): void {
    this.answered();
    const sinceMs = isBlocking ? Math.max(this.requestedMs, version.firstSeenMs) : this.requestedMs;
    this.crowd.counters.playlists.add(nowMs - sinceMs);
    this.viewer.gotPlaylist(version, this.requestedMs, nowMs);
    this.proceed(nowMs);
  }

  /** One that comes back after a loss has been away so long. */
  private connected(nowMs: number): void {
    if (this.lostAtMs !== undefined) this.crowd.counters.absences.add(nowMs - this.lostAtMs);
    this.lostAtMs = undefined;
    this.wake(nowMs);
  }

  private answered(): void {
    this.crowd.counters.requests++;
    this.fetch = undefined;
    this.isRequested = false;
    if (this.reader.isLast) this.failed('closed');
  }

  private refusal(): string {
    return `${this.reader.status} ${this.fetch === undefined ? 'unasked' : `for ${this.fetch.kind}`}`;
  }

  /** Counts what went wrong, and comes back with a new connection. */
  private failed(kind: string): void {
    if (this.isClosed || this.socket === undefined) return;
    const { socket, crowd } = this;
    crowd.counters.error(kind);
    this.socket = undefined;
    this.isConnected = false;
    this.fetch = undefined;
    this.isRequested = false;
    this.reader.reset();
    socket.destroy();
    const nowMs = performance.now();
    this.lostAtMs ??= nowMs;
    this.retryAtMs = nowMs + retryMs;
    crowd.wakeAt(this, this.retryAtMs);
  }
}

import { WebSocket } from 'ws';
import { LatencyHistogram } from '../../src/load/latency-histogram.ts';

export interface SocketKind {
  /** For the figures. */
  readonly name: string;
  /** Behind `ws://host:port`. */
  readonly path: string;
  readonly count: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never reads what it is told. */
  readonly isDeaf?: boolean;
}

/** The server lets so many in from one address. */
const socketsPerAddress = 200;
const openAtOnce = 50;
/** Enough for where a message says its type and time. */
const headBytes = 120;

/** WebSockets that listen, many in one process. */
export class SocketCrowd {
  /** From when a snapshot was made until it is here, ms. */
  readonly delays = new LatencyHistogram();
  snapshots = 0;
  /** Of the last snapshot, by the name of the kind. */
  readonly snapshotBytes = new Map<string, number>();
  private readonly origin: string;
  private readonly sockets: WebSocket[] = [];

  /** `origin`: `ws://host:port`. */
  constructor(origin: string) {
    this.origin = origin;
  }

  get open(): number {
    return this.sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /** Rejects when one is refused. */
  async add(kind: SocketKind, signal: AbortSignal): Promise<void> {
    const { count } = kind;
    for (let made = 0; made < count; made += openAtOnce) {
      signal.throwIfAborted();
      const some = Array.from({ length: Math.min(openAtOnce, count - made) }, () => this.openOne(kind));
      await Promise.all(some);
    }
  }

  forget(): void {
    this.delays.clear();
    this.snapshots = 0;
  }

  close(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  private async openOne({ name, path, headers = {}, isDeaf = false }: SocketKind): Promise<void> {
    const localAddress = `127.0.1.${1 + Math.floor(this.sockets.length / socketsPerAddress)}`;
    const socket = new WebSocket(`${this.origin}${path}`, { headers, localAddress, perMessageDeflate: false });
    this.sockets.push(socket);
    if (!isDeaf) socket.on('message', (data) => this.heard(name, data as Buffer));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('error', () => {}); // who is closed by the server is counted there
    if (isDeaf) socket.pause();
  }

  private heard(name: string, data: Buffer): void {
    const [, time] = /^\{"type":"snapshot".*?"time":"([^"]+)"/.exec(data.toString('latin1', 0, headBytes)) ?? [];
    if (time === undefined) return;
    this.snapshots++;
    this.delays.add(Math.max(0, Date.now() - Date.parse(time)));
    this.snapshotBytes.set(name, data.length);
  }
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { LiveMessage, NodeMetrics, StreamMetrics } from '../../src/contract/live-metrics.ts';

type Rung = NonNullable<StreamMetrics['ladder']>['rungs'][number];

export function rung(name: string, height: number, state: Rung['state'], more: Partial<Rung> = {}): Rung {
  const isLive = state === 'live';
  return {
    name,
    state,
    why: null,
    width: Math.round((height * 16) / 9),
    height,
    fps: 30,
    bitrate_bps: height * 4000,
    encoded_fps: isLive ? 30 : null,
    frames: isLive ? 900 : 0,
    lag_ms: isLive ? 140 : null,
    ...more,
  };
}

/** A healthy broadcast of 1080p with two rungs of three. */
export function streamMetricsOf(channel: string, more: Partial<StreamMetrics> = {}): StreamMetrics {
  const rendition = (name: string, width: number, height: number, bps: number, viewers: number) => {
    return { name, width, height, fps: 30, bitrate_bps: bps, codecs: 'avc1.64001f,mp4a.40.2', viewers };
  };
  return {
    stream_id: `st_${channel}`,
    channel,
    state: 'ACTIVE',
    started_at: '2026-05-01T09:30:00.000Z',
    interrupted_since: null,
    viewers: 12,
    bitrate_out_bps: 31_200_000,
    ingest: {
      encoder: 'obs-output module (libobs version 30.2.0)',
      bitrate_bps: 6_240_000,
      fps: 29.97,
      frames: 54_321,
      dropped_frames: 2,
      keyframe_interval_ms: 2000,
      av_drift_ms: 12.4,
      jitter_ms: 3.2,
    },
    latency_ms: {
      part: { p50: 180, p95: 412 },
      listed: { p50: 183, p95: 420 },
      delivered: { p50: 201, p95: 1460 },
    },
    ladder: {
      mode: 'auto',
      state: 'running',
      why: null,
      encoder: 'libx264',
      promised_cores: 1.25,
      speed: 1.004,
      starts: 1,
      failures: 0,
      stalls: 0,
      dropped_frames: 0,
      rungs: [
        rung('720p', 720, 'live'),
        rung('480p', 480, 'live'),
        rung('360p', 360, 'withheld', { why: 'the CPU budget does not allow it' }),
      ],
    },
    renditions: [
      rendition('source', 1920, 1080, 6_000_000, 7),
      rendition('720p', 1280, 720, 2_880_000, 4),
      rendition('480p', 854, 480, 1_920_000, 1),
    ],
    qoe: {
      sessions: 14,
      startup_ms: { p50: 640, p95: 1800 },
      rebuffer_ratio: 0.004,
      latency_ms: { p50: 2100, p95: 3900 },
      bitrate_bps: { p50: 2_900_000, p95: 6_100_000 },
    },
    health: 'good',
    warnings: [],
    ...more,
  };
}

export function nodeMetricsOf(streams: readonly StreamMetrics[], more: Partial<NodeMetrics> = {}): NodeMetrics {
  return {
    node: 'stage-1',
    version: '0.1.0',
    started_at: '2026-05-01T08:00:00.000Z',
    uptime_seconds: 5432,
    viewers: streams.reduce((sum, { viewers }) => sum + viewers, 0),
    publishers: streams.length,
    bitrate_in_bps: 12_500_000,
    bitrate_out_bps: 310_000_000,
    cpu_cores: 1.32,
    rss_bytes: 312_000_000,
    warnings: [],
    streams: [...streams],
    ...more,
  };
}

/** `/ws/metrics` as a server of the test's making has it: says what it is told to say. */
export class FakeLiveServer {
  /** Of each request for a WebSocket, in order. */
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  /** What the next requests are answered in place of a WebSocket. */
  refusal: { readonly status: number; readonly body: object } | undefined;
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({ noServer: true });
  private first: string[] = [];
  private seq = 0;

  private constructor() {
    this.server = createServer((_request, response) => response.writeHead(404).end());
    this.server.on('upgrade', (request, socket, head) => {
      this.requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
      if (this.refusal !== undefined) {
        const body = JSON.stringify(this.refusal.body);
        const length = `content-length: ${Buffer.byteLength(body)}`;
        socket.end(`HTTP/1.1 ${this.refusal.status} Refused\r\n${length}\r\nconnection: close\r\n\r\n${body}`);
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (client) => {
        for (const message of this.first) client.send(message);
      });
    });
  }

  /** On a Unix socket, or on a port of the system's choice. */
  static async start(socketPath?: string): Promise<FakeLiveServer> {
    const fake = new FakeLiveServer();
    await new Promise<void>((resolve) =>
      socketPath === undefined ? fake.server.listen(0, '127.0.0.1', resolve) : fake.server.listen(socketPath, resolve),
    );
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get listeners(): number {
    return this.sockets.clients.size;
  }

  /** Says it to everybody, and to those who come later. */
  snapshot(node: NodeMetrics): void {
    this.first = [this.say('snapshot', null, { ...node })];
  }

  say(type: LiveMessage['type'], streamId: string | null, data: object): string {
    const time = '2026-05-01T09:31:00.000Z';
    const text = JSON.stringify({ type, seq: ++this.seq, time, stream_id: streamId, data });
    for (const client of this.sockets.clients) client.send(text);
    return text;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const client of this.sockets.clients) client.terminate();
  }

  /** Cuts all connections, as a server does that is killed, and listens no more. */
  async stop(): Promise<void> {
    this.cut();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import type { CountSample } from './audience-deviation.ts';
import { heapAfterGarbage } from './audience-heap.ts';
import { wallMs } from './audience-viewer.ts';
import type { Peer } from './peers/peer.ts';
import { freePorts } from './peers/server-process.ts';
import { startStreamctl } from './peers/streamctl.ts';
import { tenths } from './sampled-usage.ts';

export const threads = ['control', 'media', 'delivery'] as const;
export type ThreadName = (typeof threads)[number];

/** One look at the server: its own count, and what its metrics say. */
export interface ServerSample extends CountSample {
  readonly utilization: Readonly<Record<ThreadName, number>>;
  readonly loopDelayMs: Readonly<Record<ThreadName, number>>;
  readonly spooledRows: number;
  readonly isWarehouseUp: boolean;
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** How a thread did over some time. */
export interface ThreadFigures {
  readonly busy_percent: number;
  readonly loop_delay_max_ms: number;
}

const channel = 'bench0';
const sampleEveryMs = 1000;
/** Rows on their way to stores, some 500 a second, are nobody's memory for long: the least of so many looks has the fewest. */
const heapLooks = 6;
const heapLookEveryMs = 230;

/** A server of ours that is asked once a second how many watch. */
export class AudienceServer {
  readonly peer: Peer;
  readonly samples: ServerSample[] = [];
  private readonly inspectorPort: number;
  private readonly origin: string;
  private readonly headers: Readonly<Record<string, string>>;
  private timer: NodeJS.Timeout | undefined;
  /** Looks that were not answered in time. */
  missed = 0;

  private constructor(peer: Peer, inspectorPort: number) {
    const token = readFileSync(join(dirname(peer.databaseFile!), 'admin.token'), 'utf8').trim();
    this.peer = peer;
    this.inspectorPort = inspectorPort;
    this.origin = new URL(peer.playlistUrl!(0)).origin;
    this.headers = { authorization: `Bearer ${token}` };
  }

  /** Listens at 127.0.0.1, whose word on addresses is taken, and at [::1], whose word is not. */
  static async start(sections: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<AudienceServer> {
    const http = { trusted_proxies: ['127.0.0.1'] };
    const [inspectorPort = 0] = await freePorts(1);
    const options = { host: '[::]', inspectorPort };
    const peer = await startStreamctl({ ladder: { mode: 'off' }, ...sections, http }, signal, options);
    return new AudienceServer(peer, inspectorPort);
  }

  /** What the objects of the control thread take, without garbage. It stands still for a moment. */
  async controlHeapBytes(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < heapLooks; look++) {
      least = Math.min(least, await heapAfterGarbage(this.inspectorPort));
      await delay(heapLookEveryMs);
    }
    return least;
  }

  /** Begins to look once a second. */
  watch(): void {
    this.timer = setInterval(() => void this.look().catch(() => this.missed++), sampleEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.peer.stop();
  }

  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await this.get('/metrics');
    const values = new Map<string, number>();
    for (const line of text.split('\n')) {
      const [, name = '', value] = /^streamctl_([^ ]+) (.+)$/.exec(line) ?? [];
      if (value !== undefined) values.set(name, Number(value));
    }
    return values;
  }

  /** What was seen in [fromMs, untilMs). */
  between(fromMs: number, untilMs: number): readonly ServerSample[] {
    return this.samples.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  }

  private async look(): Promise<void> {
    const analytics = JSON.parse(await this.get(`/metrics/${channel}?resolution=1m`)) as AnalyticsNow;
    const atMs = wallMs();
    const metrics = await this.metrics();
    const { cpuMs, residentBytes } = readProcessUsage(this.peer.pid);
    this.samples.push({
      atMs,
      viewers: analytics.now.viewers,
      utilization: byThread((thread) => mostOf(metrics, 'event_loop_utilization', thread)),
      loopDelayMs: byThread((thread) => 1000 * mostOf(metrics, 'event_loop_delay_seconds', thread)),
      spooledRows: metrics.get('clickhouse_spooled_rows') ?? 0,
      isWarehouseUp: metrics.get('clickhouse_up') !== 0,
      ...{ cpuMs, residentBytes },
    });
  }

  private async get(path: string): Promise<string> {
    const response = await fetch(`${this.origin}${path}`, { headers: this.headers, signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.text();
  }
}

interface AnalyticsNow {
  readonly now: { readonly viewers: number };
}

/** What the server used over these looks. */
export function costOf(samples: readonly ServerSample[]) {
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const threadOf = (thread: ThreadName): ThreadFigures => ({
    busy_percent: tenths((100 * sumOf(samples, ({ utilization }) => utilization[thread])) / samples.length),
    loop_delay_max_ms: tenths(Math.max(...samples.map(({ loopDelayMs }) => loopDelayMs[thread]))),
  });
  return {
    core_percent: tenths((100 * (last.cpuMs - first.cpuMs)) / (last.atMs - first.atMs)),
    rss_mib: tenths(sumOf(samples, ({ residentBytes }) => residentBytes) / samples.length / 2 ** 20),
    threads: byThread(threadOf),
  };
}

function sumOf(samples: readonly ServerSample[], of: (sample: ServerSample) => number): number {
  return samples.reduce((sum, sample) => sum + of(sample), 0);
}

function byThread<Value>(of: (thread: ThreadName) => Value): Readonly<Record<ThreadName, Value>> {
  return { control: of('control'), media: of('media'), delivery: of('delivery') };
}

/** The largest of several threads of one name. */
function mostOf(metrics: ReadonlyMap<string, number>, name: string, thread: ThreadName): number {
  let most = 0;
  for (const [key, value] of metrics) {
    if (key.startsWith(`${name}{`) && key.includes(`thread="${thread}`)) most = Math.max(most, value);
  }
  return most;
}

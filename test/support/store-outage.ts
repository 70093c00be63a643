import { join } from 'node:path';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { openStore } from '../../src/store/open.ts';
import type { EventRow } from '../../src/store/ports/event-store.ts';
import { StreamWatch, type WatchReport } from './checker/stream-watch.ts';
import { makeLiveClip } from './clips.ts';
import { startPostgres } from './postgres.ts';
import { publishClip } from './publishers/ffmpeg.ts';
import type { Publisher } from './publishers/publisher.ts';
import { TestServer } from './server.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

export interface StoreOutageOptions {
  readonly outageSeconds: number;
  /** At least two: during the outage the first reconnects, and the second says goodbye. */
  readonly publishers: number;
  /**
   * Viewers beside the strict outsider, of the streams that nothing else happens to; what it gives ends them and tells how they did.
   * Some watch before the outage, for as long as it takes, to compare with.
   */
  readonly startViewers?: (playlistUrls: readonly string[]) => Promise<() => Promise<unknown>>;
}

export interface StoreOutageReport {
  /** What the readiness probe said before, during and after. */
  readonly readiness: readonly string[];
  /** Whether the status of the node warned of the store before, during and after. */
  readonly isWarned: readonly boolean[];
  /** Of `GET /streams` while the store was away. */
  readonly apiAnswer: { readonly status: number; readonly code: string; readonly tookMs: number };
  /** From the start of Postgres to a readiness probe that says ready, and to the last fact in the store. */
  readonly backAfterMs: { readonly ready: number; readonly written: number };
  /** The figures of the store: during the outage, and at the end. */
  readonly figures: readonly StoreFigures[];
  /** Types of the events of each stream, in the order of their ids. */
  readonly events: Readonly<Record<string, readonly string[]>>;
  /** Pairs of neighbours in the list of all events whose times are in the wrong order. */
  readonly eventsOutOfOrder: number;
  readonly states: Readonly<Record<string, string>>;
  readonly watch: WatchReport;
  readonly viewers: { readonly before: unknown; readonly during: unknown } | undefined;
}

interface StoreFigures {
  readonly up: number;
  readonly waiting: number;
  readonly lost: number;
}

/**
 * A server over a Postgres that goes away and comes back while it broadcasts. Meanwhile one publisher reconnects, one says goodbye
 * and one comes that has never been there.
 */
export async function rehearseStoreOutage(options: StoreOutageOptions): Promise<StoreOutageReport> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  try {
    return await rehearse(options, (cleanUp) => cleanUps.push(cleanUp));
  } finally {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }
}

async function rehearse(
  { outageSeconds, publishers, startViewers }: StoreOutageOptions,
  finallyDo: (cleanUp: () => Promise<unknown>) => void,
): Promise<StoreOutageReport> {
  const postgres = await startPostgres();
  finallyDo(() => postgres.dispose());
  const folder = await temporaryFolder('store-outage');
  finallyDo(folder.remove);
  const server = await TestServer.start({ openPublish: false, env: { STREAMCTL_STORE_URL: postgres.url } });
  finallyDo(() => server.dispose());
  const clip = await makeLiveClip(folder.path, { keyframeSeconds: 1 }, 2 * outageSeconds + 120);

  const channels = Array.from({ length: publishers + 1 }, (_, index) => `stage-${index + 1}`);
  const keys = new Map<string, string>();
  for (const channel of channels) keys.set(channel, await createKey(server, channel));
  const running = new Map<string, Publisher>();
  finallyDo(() => Promise.all([...running.values()].map((publisher) => publisher.kill())));
  const publish = (channel: string) =>
    running.set(channel, publishClip({ url: server.rtmpUrl, key: keys.get(channel)! }, clip));
  const [first = '', second = '', ...others] = channels;
  const newcomer = others.pop() ?? '';
  for (const channel of [first, second, ...others]) publish(channel);
  for (const channel of [first, second, ...others]) await server.isOnAir(channel, 60_000);

  const { hls, ts, dash } = server.playback(first);
  const watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
  await watch.start();
  const undisturbed = others.map((channel) => server.playback(channel).hls);
  const endEarlier = await startViewers?.(undisturbed);
  if (endEarlier !== undefined) await pass(outageSeconds * 1000);
  const viewersBefore = await endEarlier?.();
  const endViewers = await startViewers?.(undisturbed);
  const control = controlOf(server);
  await until('everything so far is written', async () => (await control.figures()).waiting === 0);
  const before = { readiness: await readiness(server), isWarned: await control.isWarned() };

  await postgres.stop('crash');
  const wentAtMs = performance.now();
  await until('the node says it is degraded', async () => (await readiness(server)).startsWith('200 degraded'), 15_000);
  const during = await until('the operator is warned', async () => {
    const told = { readiness: await readiness(server), isWarned: await control.isWarned() };
    return told.isWarned && told;
  });
  const apiAnswer = await control.streams();
  await running.get(first)?.kill();
  publish(first);
  await running.get(second)?.stop();
  publish(newcomer);
  await server.isOnAir(newcomer);
  await until('facts wait', async () => (await control.figures()).waiting > 0);
  const awayFigures = await control.figures();
  const leftMs = outageSeconds * 1000 - (performance.now() - wentAtMs);
  await pass(leftMs);

  await postgres.start();
  const backAtMs = performance.now();
  await until('the node is ready', async () => (await readiness(server)).startsWith('200 ready'), 15_000);
  const readyMs = Math.round(performance.now() - backAtMs);
  await until('everything is written', async () => (await control.figures()).waiting === 0);
  const writtenMs = Math.round(performance.now() - backAtMs);
  await until('the first publisher is back in the store too', () => control.isActive(first));
  const after = await until('nobody is warned any more', async () => {
    const told = { readiness: await readiness(server), isWarned: await control.isWarned() };
    return !told.isWarned && told;
  });
  const report = await watch.stop();
  const viewers = endViewers && { before: viewersBefore, during: await endViewers() };

  // What is written all the time, once a second, may be under way at any one look.
  const lastFigures = await until('nothing waits', async () => {
    const figures = await control.figures();
    return figures.waiting === 0 && figures;
  });
  const store = await openStore({ url: postgres.url });
  finallyDo(() => store.close());
  const events = (await store.events.list({ limit: 100_000 })).filter(({ streamId }) => streamId !== null);
  const rows = (await store.streams.list({ limit: 1000 })).items;
  const channelOf = new Map(rows.map(({ id, channel }) => [id, channel]));
  return {
    readiness: [before, during, after].map((one) => one.readiness),
    isWarned: [before, during, after].map((one) => one.isWarned),
    apiAnswer,
    backAfterMs: { ready: readyMs, written: writtenMs },
    figures: [awayFigures, lastFigures],
    events: typesByChannel(events, channelOf),
    eventsOutOfOrder: events.filter(({ timeMs }, index) => timeMs < (events[index - 1]?.timeMs ?? 0)).length,
    states: Object.fromEntries(rows.map(({ channel, state }) => [channel, state])),
    watch: report,
    viewers,
  };
}

/** How long something lasts is the point here. */
async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

async function createKey(server: TestServer, channel: string): Promise<string> {
  const { code, stdout, stderr } = await server.command('keys', 'create', channel, '--json');
  if (code !== 0) throw new Error(`keys create: ${stderr}`);
  return (JSON.parse(stdout) as { key: string }).key;
}

async function readiness(server: TestServer): Promise<string> {
  const response = await fetch(`${server.httpUrl}/readyz`);
  return `${response.status} ${(await response.text()).trim()}`;
}

function typesByChannel(
  events: readonly EventRow[],
  channelOf: ReadonlyMap<string, string>,
): Record<string, readonly string[]> {
  const types: Record<string, string[]> = {};
  for (const { streamId, type } of events) {
    const channel = channelOf.get(streamId ?? '') ?? 'unknown';
    types[channel] = [...(types[channel] ?? []), type];
  }
  return types;
}

function controlOf(server: TestServer) {
  const ask = unixFetch(join(server.dataFolder, 'control.sock'));
  const get = (path: string) => ask(new Request(`http://localhost${path}`));
  return {
    async figures(): Promise<StoreFigures> {
      const text = await (await get('/metrics')).text();
      const value = (name: string) => {
        const [, digits] = new RegExp(`^streamctl_store_${name} (\\d+)$`, 'm').exec(text) ?? [];
        if (digits === undefined) throw new Error(`the metrics do not tell store_${name}: ${text.slice(0, 500)}`);
        return Number(digits);
      };
      return { up: value('up'), waiting: value('writes_waiting'), lost: value('writes_lost_total') };
    },
    async isWarned(): Promise<boolean> {
      const { warnings } = (await (await get('/status')).json()) as { warnings: string[] };
      return warnings.some((warning) => warning.includes('the store'));
    },
    async isActive(channel: string): Promise<boolean> {
      const response = await get(`/streams/${channel}`);
      const { state, interrupted_since: since } = (await response.json()) as {
        state?: string;
        interrupted_since?: unknown;
      };
      return state === 'ACTIVE' && since === null;
    },
    async streams(): Promise<StoreOutageReport['apiAnswer']> {
      const startedMs = performance.now();
      const response = await get('/streams');
      const { code = '' } = (await response.json()) as { code?: string };
      return { status: response.status, code, tookMs: Math.round(performance.now() - startedMs) };
    },
  };
}

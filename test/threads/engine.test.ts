import { connect } from 'node:net';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { buildConfig } from '../../src/config/load.ts';
import { metricsRegistry } from '../../src/metrics/registry.ts';
import type { LiveFacts } from '../../src/pipeline/live-facts.ts';
import type { DeliveryThreads } from '../../src/threads/delivery-threads.ts';
import { createEngine } from '../../src/threads/engine.ts';
import type { MediaFigures } from '../../src/threads/media-side.ts';
import type { MediaThread } from '../../src/threads/media-thread.ts';
import { quietSources } from '../support/metric-sources.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { until } from '../support/until.ts';
import { unheardViewers } from '../support/viewer-events.ts';

/** Media and delivery on threads of their own, without store and API. */
async function startEngine(threads: number, memoryBudgetBytes = 1 << 30) {
  const flagValues = { 'http.listen': '127.0.0.1:0', 'rtmp.listen': '127.0.0.1:0', data_dir: '/nowhere' };
  const { config } = buildConfig({ flag: undefined, env: {}, cwd: '/', flagValues }, undefined);
  let facts: readonly LiveFacts[] = [];
  let figures: MediaFigures | undefined;
  const recorded: string[] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) =>
      void recorded.push(name === 'saveContinuity' ? name : `${name} ${args[0]}`);
  const engine = createEngine(
    {
      threads,
      media: {
        hls: config.hls,
        rtmp: config.rtmp,
        ladder: { ...config.ladder, mode: 'off' },
        calibrationPath: '/nowhere',
        restored: [],
        memoryBudgetBytes,
        logLevel: 'fatal',
      },
      delivery: { listen: config.http.listen, maxConnections: 1000, maxPerIp: 0 },
    },
    {
      log: pino({ level: 'silent' }),
      authorizePublish: ({ streamName }) => ({ allowed: true, grant: { channel: streamName } }),
      facts: (told) => {
        facts = told;
      },
      figures: (told) => {
        figures = told;
      },
      viewerEvents: unheardViewers,
      records: {
        created: record('created'),
        started: record('started'),
        interrupted: record('interrupted'),
        resumed: record('resumed'),
        replaced: record('replaced'),
        refused: record('refused'),
        warned: record('warned'),
        ladderChanged: record('ladderChanged'),
        reached: record('reached'),
        ended: record('ended'),
        saveContinuity: record('saveContinuity'),
      },
    },
  );
  const { media, delivery } = engine;
  onTestFinished(() => delivery.stop());
  const httpPort = await delivery.start();
  onTestFinished(() => media.stop());
  const [rtmpPort = 0] = await media.start();
  const publish = async (channel: string) => {
    const { publisher, stop } = await publishSample(`rtmp://127.0.0.1:${rtmpPort}/live`, channel);
    onTestFinished(stop);
    return publisher;
  };
  return { engine, publish, recorded, facts: () => facts, figures: () => figures, url: `http://127.0.0.1:${httpPort}` };
}

/** Segment numbers that a playlist lists, and whether it is one that goes on. */
async function listed(playlistUrl: string): Promise<number[] | undefined> {
  const answer = await fetch(playlistUrl, { headers: { connection: 'close' } }).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const text = await answer.text();
  return [...text.matchAll(/^.*segment-(\d+)\.m4s$/gm)].map(([, number]) => Number(number));
}

test('a media thread that dies is replaced, and its streams go on with the next segment', async () => {
  const { engine, publish, recorded, facts, figures, url } = await startEngine(1);
  const publisher = await publish('show');
  const playlist = `${url}/hls/show/source/index.m3u8`;
  const before = await until('two segments are listed', async () => {
    const numbers = await listed(playlist);
    return numbers !== undefined && numbers.length >= 2 && numbers;
  });
  const [{ streamId }] = facts() as [LiveFacts];
  await (engine.media as MediaThread).kill();
  const after = await until('it goes on', async () => {
    const numbers = await listed(playlist);
    return numbers !== undefined && numbers.at(-1)! >= before.at(-1)! + 3 && numbers;
  });
  // More than one when another program had taken the free port for a moment.
  expect(engine.media.restarts).toBeGreaterThan(0);
  const metrics = await metricsRegistry({ ...quietSources(engine), media: figures }).metrics();
  expect(metrics).toMatch(/streamctl_thread_restarts_total\{thread="media"\} [1-9]/);
  expect(metrics).toMatch(/streamctl_http_requests_total\{thread="delivery-1",class="playlist",code="200"\} [1-9]/);
  expect(metrics).toMatch(/streamctl_media_memory_bytes [1-9]/);
  expect(facts().map((one) => one.streamId)).toEqual([streamId]);
  // What was listed before still is, and the numbers run through.
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after).toEqual(after.map((_, index) => after[0]! + index));
  const old = await fetch(`${url}/hls/${streamId}/source/segment-${before[0]}.m4s`);
  expect(old.status).toBe(200);
  expect((await old.arrayBuffer()).byteLength).toBeGreaterThan(1000);
  // How often it had to try depends on how soon the thread was there; it was let in once, and stayed.
  expect(publisher.stats().reconnects).toBeGreaterThan(0);
  expect(recorded.filter((line) => line.startsWith('resumed'))).toEqual([`resumed ${streamId}`]);
  expect(recorded.filter((line) => line.startsWith('created'))).toHaveLength(1);
}, 60_000);

test('what waits for its publisher outlives its media thread; a key revoked while there is none is heard of by the next', async () => {
  const { engine, recorded, facts } = await startEngine(1);
  const media = engine.media as MediaThread;
  const waiting = 'st_waitingwaitin';
  const revoked = 'st_revokedrevoke';
  await media.announce({ id: waiting, channel: 'waiting', keyId: 'good' });
  await media.announce({ id: revoked, channel: 'revoked', keyId: 'bad' });
  await media.kill();
  const other = { id: 'st_otherotherothe', keyId: undefined };
  await expect(media.announce({ ...other, channel: 'other' })).rejects.toMatchObject({ code: 'MEDIA_THREAD_DIED' });
  media.endByKey('bad');
  await until('the next thread has ended it', () => recorded.includes(`ended ${revoked}`), 10_000);
  await until('the other waits on', () => facts().some(({ streamId }) => streamId === waiting));
  expect(facts()).toHaveLength(1);
  const again = media.announce({ ...other, channel: 'waiting' });
  await expect(again).rejects.toMatchObject({ code: 'STREAM_ALREADY_ANNOUNCED' });
});

test('a delivery thread that dies takes its viewers’ connections with it, and nobody else’s; the next one knows all it knew', async () => {
  const { engine, publish, url } = await startEngine(2);
  await publish('show');
  const playlist = `${url}/hls/show/source/index.m3u8`;
  await until('a segment is listed', async () => ((await listed(playlist)) ?? []).length > 0);
  const port = Number(new URL(url).port);
  const sockets = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const socket = connect(port, '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      const state = { isClosed: false };
      socket.on('error', () => {});
      socket.on('close', () => {
        state.isClosed = true;
      });
      onTestFinished(() => void socket.destroy());
      return state;
    }),
  );
  const crew = engine.delivery as DeliveryThreads;
  const openOf = (index: number) => crew.threads[index]?.figures?.sockets.connections ?? 0;
  await until('both threads have viewers', () => openOf(0) > 0 && openOf(1) > 0 && openOf(0) + openOf(1) >= 40);
  const [lost] = [openOf(0)];
  await crew.threads[0]!.kill();
  const killedMs = performance.now();
  await until('its viewers are disconnected', () => sockets.filter(({ isClosed }) => isClosed).length >= lost);
  expect(sockets.filter(({ isClosed }) => !isClosed).length).toBe(40 - lost);
  await until('the thread is back', () => crew.restarts === 1 && crew.threads[0]?.figures !== undefined);
  expect(performance.now() - killedMs).toBeLessThan(5000);
  // Every connection gets the same list, whichever thread has it.
  await until('all tell the same', async () => {
    const texts = await Promise.all(
      Array.from({ length: 12 }, async () =>
        (await fetch(`${url}/hls/show/index.m3u8`, { headers: { connection: 'close' } })).text(),
      ),
    );
    return new Set(texts).size === 1;
  });
}, 60_000);

test('when the memory for media is full nobody new may publish, and who publishes goes on', async () => {
  const { publish, facts, figures, url } = await startEngine(1, 1 << 20);
  await publish('first');
  await until('the memory is full', () => figures()?.memoryLevel === 'full');
  await publish('second');
  await until('the second is refused', () => (figures()?.refused.MEDIA_MEMORY_EXHAUSTED ?? 0) > 0);
  const playlist = `${url}/hls/first/source/index.m3u8`;
  const lastListed = async () => (await listed(playlist))?.at(-1) ?? 0;
  const last = await lastListed();
  await until('the first goes on', async () => (await lastListed()) >= last + 2);
  expect(facts().map(({ channel }) => channel)).toEqual(['first']);
}, 60_000);

test('everything runs in one thread for debugging', async () => {
  const { publish, url, facts } = await startEngine(0);
  await publish('show');
  await until(
    'segments are listed',
    async () => ((await listed(`${url}/hls/show/source/index.m3u8`)) ?? []).length > 1,
  );
  expect(facts()).toMatchObject([{ channel: 'show' }]);
}, 60_000);

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, type TestContext, test } from 'vitest';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { traceparentOf } from '../../src/tracing/trace-context.ts';
import { makeLiveClip } from '../support/clips.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

interface Scene {
  readonly server: TestServer;
  readonly receiver: OtlpReceiver;
  /** A publisher comes, as one does whose connection was lost. */
  publish(): Publisher;
  stream(): Promise<{ id: string; state: string; trace_id: string; interrupted_since: string | null }>;
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let clip: string;

beforeAll(async () => {
  folder = await temporaryFolder('traces');
  clip = await makeLiveClip(folder.path, { width: 320, height: 180, keyframeSeconds: 1, videoKbps: 300 }, 90);
});

afterAll(() => folder?.remove());

async function scene({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Scene> {
  const receiver = await new OtlpReceiver().open();
  onTestFinished(() => receiver.close());
  const server = await TestServer.start({
    env: {
      STREAMCTL_TRACING_OTLP: receiver.url,
      STREAMCTL_HLS_SEGMENT: '1s',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=studio-7',
    },
  });
  onTestFinished(() => server.dispose());
  const publish = () => {
    const publisher = publishClip({ url: server.rtmpUrl, key: 'traced' }, clip);
    onTestFinished(async () => {
      await publisher.kill();
    });
    return publisher;
  };
  const stream = async () => JSON.parse((await server.command('streams', 'show', 'traced', '--json')).stdout);
  return { server, receiver, publish, stream };
}

test('a broadcast with an interruption is one trace: in its spans, its events, its log lines and the API', async ({
  expect,
  onTestFinished,
}) => {
  const { server, receiver, publish, stream } = await scene({ onTestFinished });
  const beganMs = Date.now();
  const first = publish();
  await server.isOnAir('traced');
  await first.kill();
  await until('the interruption is seen', async () => (await stream()).interrupted_since !== null);
  const second = publish();
  await until('it goes on', async () => (await stream()).interrupted_since === null);
  await second.stop();
  await until('the broadcast has ended', async () => (await stream()).state !== 'ACTIVE');
  const { id, trace_id: traceId } = await stream();
  await until('the last span has come', () => receiver.named('broadcast').length > 0);
  const endedMs = Date.now();

  const { spans } = receiver;
  expect(spans.map(({ name }) => name).sort()).toEqual(
    [
      'authorise',
      'authorise',
      'broadcast',
      'end',
      'first keyframe',
      'first part',
      'first playlist',
      'interruption',
    ].sort(),
  );
  const [root] = receiver.named('broadcast');
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(root?.parentSpanId).toBe('');
  const children = spans.filter((span) => span !== root);
  expect(new Set(children.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(root?.attributes).toEqual({
    'streamctl.stream_id': id,
    'streamctl.channel': 'traced',
    'streamctl.state': 'ENDED_GRACEFULLY',
    'streamctl.reason': 'publisher',
    'streamctl.interruptions': 1,
  });
  expect(root?.resource).toMatchObject({ 'service.name': 'streamctl', 'service.version': expect.any(String) });
  expect(receiver.heard[0]).toContain('"x-tenant":"studio-7"');

  for (const span of spans) {
    expect(span.startMs).toBeGreaterThan(beganMs - 1000);
    expect(span.endMs).toBeLessThan(endedMs + 1000);
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    expect(span.startMs).toBeGreaterThanOrEqual(root!.startMs);
    expect(span.endMs).toBeLessThanOrEqual(root!.endMs);
  }
  const at = (name: string) => receiver.named(name)[0]!;
  expect(at('first part').startMs).toBeCloseTo(at('first keyframe').endMs, 3);
  expect(at('first playlist').startMs).toBeCloseTo(at('first part').endMs, 3);
  // Media begins once it is allowed, and comes at its own pace: a part is half a second, and nothing is listed before the first second is complete.
  const allowedMs = at('first keyframe').startMs;
  expect(at('first part').endMs - allowedMs).toBeGreaterThan(450);
  expect(at('first playlist').endMs - allowedMs).toBeGreaterThan(950);
  const [, back] = receiver.named('authorise');
  expect(back!.endMs).toBeGreaterThan(at('interruption').startMs);
  expect(back!.endMs).toBeLessThanOrEqual(at('interruption').endMs);

  const events = eventsOf(server, id);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'stream.created',
      'stream.started',
      'stream.interrupted',
      'stream.resumed',
      'stream.ended',
    ]),
  );
  expect(new Set(events.map((event) => event.trace_id))).toEqual(new Set([traceId]));
  const lines = server.log.split('\n').filter((line) => line.includes(id) || line.includes('"channel":"traced"'));
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => !line.includes(`"trace_id":"${traceId}"`))).toEqual([]);
});

test('after a crash the same trace goes on, and its root is told once, from the first beginning on', async ({
  expect,
  onTestFinished,
}) => {
  const { server, receiver, publish, stream } = await scene({ onTestFinished });
  const first = publish();
  await server.isOnAir('traced');
  const { trace_id: traceId } = await stream();
  await until('where it goes on is written down', () => hasContinuity(server));
  await server.crash();
  await first.kill();
  const crashedMs = Date.now();
  await server.launch();
  const second = publish();
  await until('it goes on', async () => (await stream()).interrupted_since === null);
  await second.stop();
  await until('the last span has come', () => receiver.named('broadcast').length > 0);
  expect(receiver.named('broadcast')).toHaveLength(1);
  expect(new Set(receiver.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const root = receiver.named('broadcast')[0]!;
  expect(root.startMs).toBeLessThan(crashedMs - 1000);
  const [interruption] = receiver.named('interruption');
  expect(interruption).toMatchObject({ parentSpanId: root.spanId, attributes: { 'streamctl.why': 'restart' } });
  expect(receiver.named('first playlist').length).toBeLessThanOrEqual(1);
});

test('a receiver that is away harms nobody: it is told, and what happened meanwhile comes when it is back', async ({
  expect,
  onTestFinished,
}) => {
  const { server, receiver, publish, stream } = await scene({ onTestFinished });
  await receiver.close();
  const publisher = publish();
  await server.isOnAir('traced');
  const status = async () => JSON.parse((await server.command('status', '--json')).stdout) as { warnings: string[] };
  const warning = await until('it is told', async () =>
    (await status()).warnings.find((text) => text.includes('tracing.otlp')),
  );
  expect(warning).toContain('ECONNREFUSED');
  await until('the log has it', () => server.log.includes('the receiver of traces takes no spans'));
  await until('it goes on', async () => (await stream()).state === 'ACTIVE');
  await publisher.stop();
  await until('the broadcast has ended', async () => (await stream()).state === 'ENDED_GRACEFULLY');
  await receiver.open();
  await until('what happened has come', () => receiver.named('broadcast').length > 0, 30_000);
  expect(receiver.named('first playlist')).toHaveLength(1);
  await until('nothing is wrong with it any more', async () =>
    (await status()).warnings.every((text) => !text.includes('traces')),
  );
  const stoppedAtMs = performance.now();
  await receiver.close();
  await server.stop();
  expect(performance.now() - stoppedAtMs).toBeLessThan(5000);
});

test('a broadcast that is announced goes on with the trace of who announces it', async ({ expect, onTestFinished }) => {
  const { server, receiver } = await scene({ onTestFinished });
  const ask = unixFetch(join(server.dataFolder, 'control.sock'));
  const caller = { traceId: 'c0ffee00c0ffee00c0ffee00c0ffee00', spanId: 'feedfacefeedface' };
  const announced = await ask(
    new Request('http://localhost/streams', {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: traceparentOf(caller.traceId, caller.spanId) },
      body: JSON.stringify({ channel: 'traced' }),
    }),
  );
  expect(await announced.json()).toMatchObject({ state: 'PENDING_INGEST', trace_id: caller.traceId });
  // Who announced it is known after a restart too.
  await server.stop();
  await server.launch();
  await server.command('streams', 'stop', 'traced');
  const [root] = await until('the broadcast is told', () => {
    const found = receiver.named('broadcast');
    return found.length > 0 && found;
  });
  expect(root).toMatchObject({ traceId: caller.traceId, parentSpanId: caller.spanId });
  expect(root?.attributes).toMatchObject({ 'streamctl.reason': 'cancelled' });
});

function eventsOf(server: TestServer, id: string): { type: string; trace_id: string }[] {
  const database = new Database(join(server.dataFolder, 'streamctl.db'), { readonly: true });
  try {
    return database.prepare('SELECT type, trace_id FROM events WHERE stream_id = ?').all(id) as ReturnType<
      typeof eventsOf
    >;
  } finally {
    database.close();
  }
}

function hasContinuity(server: TestServer): boolean {
  const database = new Database(join(server.dataFolder, 'streamctl.db'), { readonly: true });
  try {
    const row = database.prepare('SELECT continuity_json FROM streams').get() as { continuity_json: string };
    return row.continuity_json.includes('nextMsn');
  } finally {
    database.close();
  }
}

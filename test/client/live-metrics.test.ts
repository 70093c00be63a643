import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ApiProblem } from '../../src/client/api-client.ts';
import { followLiveMetrics, type LiveServer, type LiveUpdate } from '../../src/client/live-metrics.ts';
import { FakeLiveServer, nodeMetricsOf, streamMetricsOf } from '../support/live-metrics.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function fakeServer(socketPath?: string): Promise<FakeLiveServer> {
  const fake = await FakeLiveServer.start(socketPath);
  fake.snapshot(nodeMetricsOf([streamMetricsOf('morning-show')]));
  cleanups.push(() => fake.stop());
  return fake;
}

/** What is heard so far; `end` stops listening, and resolves when it has. */
function follow(server: LiveServer) {
  const heard: LiveUpdate[] = [];
  const abort = new AbortController();
  const ended = (async () => {
    for await (const update of followLiveMetrics(server, abort.signal)) heard.push(update);
  })();
  ended.catch(() => {});
  const end = () => {
    abort.abort();
    return ended;
  };
  cleanups.push(() => end().catch(() => {}));
  return { heard, ended, end };
}

const kinds = (heard: readonly LiveUpdate[]) => heard.map(({ kind }) => kind);

describe('live metrics', () => {
  test('come over the control socket without a login', async () => {
    const folder = await temporaryFolder('live');
    cleanups.push(folder.remove);
    // A colon would end the path in a URL.
    const fake = await fakeServer(join(folder.path, 'a:b.sock'));
    const { heard, end } = follow({ socketPath: join(folder.path, 'a:b.sock') });
    await until('the first snapshot is there', () => heard.length === 1);
    expect(heard[0]).toMatchObject({ kind: 'snapshot', node: { streams: [{ channel: 'morning-show' }] } });
    expect(fake.requests).toEqual([{ url: '/ws/metrics?after=0', authorization: undefined }]);
    await end();
    await until('the connection is closed', () => fake.listeners === 0);
  });

  test('come from elsewhere with the token in a header, and never in the address', async () => {
    const fake = await fakeServer();
    const { heard } = follow({ url: `${fake.url}/`, token: 'tok' });
    await until('the first snapshot is there', () => heard.length === 1);
    expect(fake.requests).toEqual([{ url: '/ws/metrics?after=0', authorization: 'Bearer tok' }]);
  });

  test('tell of a server that is gone, and go on after the last number when it is back', async () => {
    const folder = await temporaryFolder('live');
    cleanups.push(folder.remove);
    const socketPath = join(folder.path, 'control.sock');
    const fake = await FakeLiveServer.start(socketPath);
    fake.snapshot(nodeMetricsOf([]));
    const { heard } = follow({ socketPath });
    await until('it is heard', () => heard.length === 1);
    fake.say('quality', 'st_a', { rung: '720p', state: 'live', why: null });
    await until('the notice is heard', () => heard.length === 2);
    await fake.stop();
    await until('it is said to be gone twice', () => heard.length === 4);
    expect(heard[2]).toMatchObject({ kind: 'gone', why: 'it ended the connection' });
    expect(heard[3]).toMatchObject({ kind: 'gone', why: `No server answers on ${socketPath}` });
    const back = await fakeServer(socketPath);
    await until('it is heard again', () => heard.at(-1)?.kind === 'snapshot');
    expect(kinds(heard)).toEqual(['snapshot', 'notice', 'gone', 'gone', 'snapshot']);
    expect(back.requests[0]?.url).toBe('/ws/metrics?after=2');
  });

  test('that are refused end with the server’s words, also after they have come', async () => {
    const fake = await fakeServer();
    const problem = {
      type: 'about:blank',
      title: 't',
      status: 401,
      code: 'ACCESS_TOKEN_INVALID',
      detail: 'No.',
      remedy: '',
    };
    const { heard, ended } = follow({ url: fake.url, token: 'tok' });
    await until('it is heard', () => heard.length === 1);
    fake.refusal = { status: 401, body: problem };
    fake.cut();
    await expect(ended).rejects.toBeInstanceOf(ApiProblem);
    await expect(follow({ url: fake.url, token: 'tok' }).ended).rejects.toMatchObject({ problem });
  });

  test('of a server that has too much to do, once it was heard, are asked for again', async () => {
    const fake = await fakeServer();
    const problem = { type: 'about:blank', title: 't', status: 503, code: 'API_BUSY', detail: 'Busy.', remedy: '' };
    const { heard } = follow({ url: fake.url, token: 'tok' });
    await until('it is heard', () => heard.length === 1);
    fake.refusal = { status: 503, body: problem };
    fake.cut();
    await until('it is refused', () => fake.requests.length === 2);
    fake.refusal = undefined;
    await until('it is heard again', () => heard.at(-1)?.kind === 'snapshot' && heard.length > 1);
    expect(kinds(heard)).toEqual(['snapshot', 'gone', 'gone', 'snapshot']);
    expect(heard[2]).toMatchObject({ why: 'Busy' });
  });

  test('need a server at first', async () => {
    await expect(follow({ socketPath: '/nowhere/control.sock' }).ended).rejects.toMatchObject({
      code: 'CONTROL_NO_SERVER',
    });
    await expect(follow({ url: 'http://127.0.0.1:1', token: 't' }).ended).rejects.toMatchObject({
      code: 'CONTROL_SERVER_UNREACHABLE',
    });
  });

  test('that cannot be understood are said to be of another version', async () => {
    const fake = await fakeServer();
    fake.snapshot({ ...nodeMetricsOf([]), streams: 7 as never });
    await expect(follow({ url: fake.url, token: 't' }).ended).rejects.toMatchObject({ code: 'CONTROL_ANSWER_INVALID' });
  });
});

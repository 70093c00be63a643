import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Child, run } from '../support/child.ts';
import { makeLadderClip } from '../support/clips.ts';
import { ffmpegChildren } from '../support/ffmpeg-children.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { postgresPassword, startPostgres } from '../support/postgres.ts';
import { postgresFolder } from '../support/postgres-folder.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import { publisherOf } from '../support/publishers/publisher.ts';
import { SecretSearch } from '../support/secret-search.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const mainFile = resolve(import.meta.dirname, '../../src/main.ts');
const webhookSecret = 'whsec-canary-mmzq7vlw3xk5ttr2';
/** Of the right form, and nobody's. */
const wrongKey = 'sk_zzyyxxwwvv_qqppoonnmmllkkjjiihhggffeeddccbb';
const wrongToken = 'pat_zzyyxxwwvv_bbccddeeffgghhiijjkkllmmnnooppqq';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const mistakenCommands = (key: string) => [
  ['keys', 'show', key],
  ['keys', 'create', key, '--json'],
  ['keys', 'list', `--${key}`],
  ['streams', 'show', key],
  ['streams', 'stop', wrongKey],
  ['explain', key],
  [key],
];

const commands = [
  ['keys', 'list'],
  ['streams', 'show', 'canary', '--json'],
  ['status', '--json'],
  ['doctor', 'canary'],
  ['config', 'show', '--json'],
];

/** What a webhook receiver hears. */
async function hearWebhooks(): Promise<{ url: string; heard: string[] }> {
  const heard: string[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(`${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks)}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  undo.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard };
}

/** A server that does all it can, with its secrets used in every way, right and wrong; gives where they were found. */
async function searchedServer({ storeUrl, hasLadder }: { readonly storeUrl?: string; readonly hasLadder: boolean }) {
  const search = new SecretSearch();
  const folder = await temporaryFolder('canary');
  undo.push(folder.remove);
  const clip = await makeLadderClip(folder.path, 6);
  const webhook = await hearWebhooks();
  const receiver = await new OtlpReceiver().open();
  undo.push(() => receiver.close());
  const server = await TestServer.start({
    openPublish: false,
    env: {
      STREAMCTL_LADDER_MODE: hasLadder ? 'auto' : 'off',
      STREAMCTL_LOG_LEVEL: 'trace',
      STREAMCTL_TRACING_OTLP: receiver.url,
      STREAMCTL_WEBHOOKS: JSON.stringify([{ url: webhook.url, secret: webhookSecret, allow_private: true }]),
      STREAMCTL_AUTH_PLAYBACK: 'signed',
      ...(storeUrl !== undefined && { STREAMCTL_STORE_URL: storeUrl }),
    },
  });
  undo.push(() => server.dispose());
  const adminToken = readFileSync(join(server.dataFolder, 'admin.token'), 'utf8').trim();
  search.add('the administrator’s token', adminToken.slice(-32));
  search.add('a wrong key', wrongKey.slice(-32));
  search.add('a wrong token', wrongToken.slice(-32));
  search.add('the webhook’s secret', webhookSecret);
  search.add('the pepper', readFileSync(join(server.dataFolder, 'pepper'), 'utf8').trim());
  if (storeUrl !== undefined) search.add('the password of the store', encodeURIComponent(postgresPassword));

  /** What an answer said, headers and all, unless it is the one that makes the secret. */
  const ask = async (path: string, init: RequestInit = {}, makes?: string) => {
    const response = await fetch(`${server.httpUrl}${path}`, init);
    const text = await response.text();
    const headers = JSON.stringify([...response.headers]);
    // Whoever is told to come back later has not been heard.
    expect([429, 503]).not.toContain(response.status);
    const what = `${init.method ?? 'GET'} ${path.replaceAll(/(sk|pat)_[a-z2-7]{10}_\w+|eyJ[\w.-]+/g, 'SECRET')}`;
    search.look(`the answer to ${what} (${response.status})`, headers + text, makes === undefined ? [] : [makes]);
    return { status: response.status, text };
  };
  const asAdmin = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
  const post = (body: unknown): RequestInit => ({ method: 'POST', headers: asAdmin, body: JSON.stringify(body) });
  const command = async (args: readonly string[], makes?: string) => {
    const result = await server.command(...args);
    const name = args.map((arg) => (/^(sk|pat)_|^eyJ/.test(arg) ? 'SECRET' : arg)).join(' ');
    search.look(`the output of ${name}`, result.stdout + result.stderr, makes === undefined ? [] : [makes]);
    return result;
  };

  // A key, a token and a signed link are made, each told once.
  const issued = await server.command('keys', 'create', 'canary', '--json');
  const { key } = JSON.parse(issued.stdout) as { key: string };
  search.add('the key', key.slice(-32));
  search.look('what keys create says beside it', issued.stderr);
  const { token } = JSON.parse(
    (await (await fetch(`${server.httpUrl}/tokens`, post({ name: 'ci', scopes: ['streams:read'] }))).text()) as string,
  ) as { token: string };
  search.add('a token', token.slice(-32));
  const asReader = { authorization: `Bearer ${token}` };

  // The key is used as it should be, and in every way it should not.
  const publisher = publisherOf(
    new Child(process.execPath, [mainFile, 'publish', clip, `${server.rtmpUrl}/${key}`, '--loop']),
  );
  undo.push(() => publisher.kill());
  const stream = await until('it is on air', async () => {
    const { status, text } = await ask('/streams/canary', { headers: asReader });
    const view = status === 200 && (JSON.parse(text) as { state: string; id: string; renditions: { name: string }[] });
    return view && view.state === 'ACTIVE' && view.renditions.length > 1 && view;
  });
  const link = await fetch(`${server.httpUrl}/streams/canary/links`, post({}));
  const { token: jwt } = (await link.json()) as { token: string };
  for (const [index, part] of jwt.split('.').slice(1).entries()) search.add(`part ${index + 2} of the link`, part);
  await publishWrongly(server, key, clip);

  const playback = `/t/${jwt}`;
  const multivariant = await until('it can be watched', async () => {
    const answer = await ask(`${playback}/hls/canary/index.m3u8`);
    return answer.status === 200 && answer;
  });
  for (const uri of multivariant.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    await ask(new URL(uri, `http://x${playback}/hls/canary/index.m3u8`).pathname);
  }
  for (const path of ['/dash/canary/manifest.mpd', '/hls/canary/ts.m3u8', '/hls/nobody/index.m3u8'])
    await ask(playback + path);
  for (const path of [
    `/watch/canary?token=${jwt}`,
    `${playback}/watch/canary`,
    `/embed/canary?token=${jwt}`,
    '/',
    '/thumb/canary.jpg',
  ]) {
    await ask(path);
  }
  await ask(`/t/${jwt.slice(0, -3)}abc/hls/canary/index.m3u8`);
  for (const secret of [key, token, key.replaceAll('_', '%5F')]) {
    const places = [
      '',
      '/watch',
      '/embed',
      '/hls',
      '/dash',
      '/thumb',
      '/t',
      '/streams',
      '/keys',
      '/tokens',
      '/metrics',
    ];
    await Promise.all([
      ...[...places, '/nowhere', '/ws/stream'].flatMap((path) => [
        ask(`${path}/${secret}`, { headers: asAdmin }),
        ask(`${path}/${secret}/index.m3u8?key=${secret}`),
      ]),
      ask(`/events?stream=${secret}`, { headers: asAdmin }),
      ask(`/streams?state=${secret}&channel=${secret}`, { headers: asAdmin }),
      ask('/streams', {
        headers: { authorization: `Bearer ${secret}x`, 'x-request-id': secret, 'user-agent': secret },
      }),
      ask('/keys', post({ channel: secret })),
      ask('/keys', post({ channel: 'canary', [secret]: secret, policy: { ladder: [secret] } })),
      ask('/keys', { method: 'POST', headers: asAdmin, body: `{"${secret}` }),
      ask('/tokens', post({ name: 'other', scopes: [secret] })),
      ask('/streams', post({ channel: secret })),
      ask(`/streams/${secret}`, { method: 'DELETE', headers: asAdmin }),
      ask('/cmcd', { method: 'POST', body: secret }),
    ]);
  }
  await ask('/streams', { method: 'POST', headers: { authorization: `Bearer ${key}` } });
  await ask('/streams', { method: 'POST', headers: { authorization: `Bearer ${wrongKey}` } });
  await ask('/keys', { headers: { authorization: `Bearer ${wrongToken}` } });
  for (const path of [
    '/keys',
    '/tokens',
    '/streams',
    '/events?limit=1000',
    '/metrics',
    '/status',
    '/openapi.json',
    `/metrics/${stream.id}`,
    `/streams/${stream.id}/sessions`,
  ]) {
    await ask(path, { headers: asAdmin });
  }

  for (const args of hasLadder ? [...mistakenCommands(key), ...commands] : []) await command(args);
  if (hasLadder) await command(['publish', clip, `${server.rtmpUrl}/${wrongKey}`]);

  // What runs, what it keeps, and what it tells others.
  search.look('the arguments of the server', readFileSync(`/proc/${server.processId}/cmdline`));
  const children = ffmpegChildren(server.processId);
  if (hasLadder) expect(children.length).toBeGreaterThan(0);
  for (const pid of children) search.lookInProcess('an ffmpeg', pid);
  const ownFiles = ['admin.token', 'pepper', 'playback.keys'];
  search.lookInFolder(server.dataFolder, ownFiles);
  search.look('what publish says', (await publisher.stop()).output);
  await until('the trace is complete', () => receiver.named('broadcast').length > 0);
  await until('the webhook has heard the end', () => webhook.heard.some((text) => text.includes('stream.ended')));
  await server.stop();
  search.lookInFolder(server.dataFolder, ownFiles);
  expect(server.log.length).toBeLessThan(400_000); // more is not kept
  search.look('the log', server.log);
  for (const text of webhook.heard) search.look('a webhook', text);
  for (const text of receiver.heard) search.look('a trace', text);
  return search;
}

/** Wrong keys, and the right one in wrong places. */
async function publishWrongly(server: TestServer, key: string, clip: string): Promise<void> {
  const { host } = new URL(server.rtmpUrl);
  const targets = [
    { url: server.rtmpUrl, key: wrongKey },
    { url: `rtmp://${host}/${key}`, key: 'x' },
    { url: `rtmp://${host}/live/${key}`, key: `${key}/${key}` },
    { url: `rtmp://${host}/live?key=${key}`, key: `x?${key}` },
    { url: server.rtmpUrl, key: `${key}x` },
  ];
  await Promise.all(targets.map((target) => publishClip(target, clip, 'fast').ended));
}

test('no secret is found in anything the server says, keeps or runs', async () => {
  const search = await searchedServer({ hasLadder: true });
  expect(search.finds).toEqual([]);
  expect(search.sizeBytes).toBeGreaterThan(500_000);
}, 180_000);

test.skipIf(postgresFolder() === undefined)(
  'nor with a Postgres, in what it keeps',
  async () => {
    const postgres = await startPostgres();
    undo.push(() => postgres.dispose());
    const storeUrl = await postgres.newDatabase();
    const search = await searchedServer({ storeUrl, hasLadder: false });
    const dump = await run(join(postgresFolder()!, 'pg_dump'), ['--dbname', storeUrl]);
    expect(dump.stdout).toContain('stream_keys');
    search.look('the dump of Postgres', dump.stdout);
    expect(search.finds).toEqual([]);
  },
  180_000,
);

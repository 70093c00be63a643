import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicMetrics } from '../../src/contract/live-metrics.ts';
import { makeCertificate } from '../support/certificate.ts';
import { makeLiveClip } from '../support/clips.ts';
import { LiveListener, socketUrl } from '../support/live-listener.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/* A server with TLS whose channels are signed, heard from outside. */

const channel = 'behind-a-link';
let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let publisher: Publisher | undefined;
let token: string;

beforeAll(async () => {
  folder = await temporaryFolder('live-signed');
  const { cert, key } = await makeCertificate();
  const [certFile, keyFile] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  server = await TestServer.start({
    env: {
      STREAMCTL_AUTH_PLAYBACK: 'signed',
      STREAMCTL_HTTP_TLS_CERT: certFile,
      STREAMCTL_HTTP_TLS_KEY: keyFile,
    },
  });
  token = readFileSync(join(server.dataFolder, 'admin.token'), 'utf8').trim();
  const clip = await makeLiveClip(folder.path, { width: 320, height: 180, videoKbps: 300 }, 60);
  publisher = publishClip({ url: server.rtmpUrl, key: channel }, clip);
});

afterAll(async () => {
  await publisher?.kill();
  await server?.dispose();
  await folder?.remove();
});

function listen(path: string, options: { protocols?: string[]; headers?: Record<string, string> } = {}): LiveListener {
  return new LiveListener(socketUrl(server.httpUrl, path), { rejectUnauthorized: false, ...options });
}

test('over TLS, a signed channel is heard of by who has a link to it or a token, and by nobody else', async () => {
  const headers = { authorization: `Bearer ${token}` };
  const whole = await until('the channel is known', async () => {
    const listener = listen(`/ws/stream/${channel}`, { headers });
    await until('it is answered', () => listener.refusal ?? listener.messages[0]);
    return listener.refusal === undefined ? listener : undefined;
  });
  expect(server.httpUrl).toMatch(/^https:/);
  expect((await whole.hears('snapshot')).data).toHaveProperty('ingest');

  const made = await server.command('streams', 'link', channel, '--json');
  const [, link] = /\/t\/([^/]+)\//.exec(made.stdout) ?? [];
  const viewer = listen(`/ws/stream/${channel}`, { protocols: ['streamctl', `playback.${link}`] });
  const { data } = await viewer.hears('snapshot');
  expect(Object.keys(data).sort()).toEqual(Object.keys(publicMetrics.shape).sort());

  expect((await listen(`/ws/stream/${channel}`).isRefused()).status).toBe(401);
  const { stream_id: streamId } = data;
  expect((await listen(`/ws/stream/${streamId}`).isRefused()).status).toBe(401);
  const broken = { protocols: ['streamctl', `playback.${link}x`] };
  expect((await listen(`/ws/stream/${channel}`, broken).isRefused()).status).toBe(401);
  expect((await listen('/ws/metrics', { protocols: ['streamctl', `playback.${link}`] }).isRefused()).status).toBe(401);
  whole.close();
  viewer.close();
});

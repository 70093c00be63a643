import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { Agent, fetch } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { listPlaylist } from '../../src/load/media-playlist.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const descriptors = 160;
const main = resolve(import.meta.dirname, '../../src/main.ts');

test('a server that has used up its descriptors goes on for who is there, and takes others again when there is room', async () => {
  const server = await TestServer.start({
    // By itself it would refuse viewers long before.
    env: { STREAMCTL_HTTP_MAX_CONNECTIONS: '1000' },
    program: ['prlimit', `--nofile=${descriptors}`, process.execPath, main],
  });
  onTestFinished(() => server.dispose());
  const { publisher, stop } = await publishSample(server.rtmpUrl, 'show');
  onTestFinished(stop);
  await server.isOnAir('show');
  const playlistUrl = server.playback('show').hls.replace('index.m3u8', 'source/index.m3u8');
  const viewer = new Agent({ connections: 1 });
  onTestFinished(() => viewer.destroy());
  const newestMsn = async (dispatcher: Agent) => {
    const answer = await fetch(playlistUrl, { dispatcher, signal: AbortSignal.timeout(2000) });
    return listPlaylist(await answer.text()).next.msn;
  };
  const before = await newestMsn(viewer);

  const { hostname, port } = new URL(server.httpUrl);
  const crowd: Socket[] = Array.from({ length: 2 * descriptors }, () =>
    connect(Number(port), hostname).on('error', () => {}),
  );
  onTestFinished(() => {
    for (const socket of crowd) socket.destroy();
  });
  const open = () => readdirSync(`/proc/${server.processId}/fd`).length;
  await until('nothing is left', () => open() >= descriptors - 2);
  await until('media goes on', async () => (await newestMsn(viewer)) >= before + 2);
  expect(publisher.stats()).toMatchObject({ isLive: true, reconnects: 0 });
  expect(open()).toBeGreaterThanOrEqual(descriptors - 2);

  for (const socket of crowd) socket.destroy();
  const newcomer = new Agent({ connections: 1 });
  onTestFinished(() => newcomer.destroy());
  await until('somebody new is served', async () => (await newestMsn(newcomer).catch(() => 0)) > 0);
  expect(server.log.split('\n').filter((line) => /EMFILE|"level":"(warn|error)"/.test(line)).length).toBeLessThan(20);
});

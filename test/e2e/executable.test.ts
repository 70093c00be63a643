import { chmod, copyFile, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { run } from '../support/child.ts';
import { builtExecutable } from '../support/executable.ts';
import { writeCountries } from '../support/mmdb.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { Tmux } from '../support/tmux.ts';
import { until } from '../support/until.ts';

const maxBytes = 130_000_000;
/** The sample is 720p with little to see: only a small rung is worth its while. */
const configuration = `
ladder:
  rungs: [{ name: 240p, height: 240, video_bitrate: 200k }]
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** The executable alone in an empty folder. */
let executable: string;

beforeAll(async () => {
  folder = await temporaryFolder('executable');
  const dist = await builtExecutable();
  const alone = join(folder.path, 'alone');
  await mkdir(alone);
  executable = join(alone, 'streamctl');
  await copyFile(join(dist, 'streamctl'), executable);
});

afterAll(() => folder?.remove());

/** Nothing of this machine: no programs but ffmpeg, and a home that cannot be written. */
async function poorEnvironment(): Promise<NodeJS.ProcessEnv> {
  const programs = join(folder.path, 'bin');
  await mkdir(programs, { recursive: true });
  await symlink('/usr/bin/ffmpeg', join(programs, 'ffmpeg')).catch(() => {});
  return { PATH: programs, HOME: '/nonexistent' };
}

test('it is one file of at most 130 MB that says its version and whose code it contains, with nothing around it', async () => {
  expect((await stat(executable)).size).toBeLessThan(maxBytes);
  const version = await run(executable, ['--version'], { env: {}, cwd: '/' });
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^streamctl\/\d+\.\d+\.\d+ /) });
  const licenses = await run(executable, ['licenses'], { env: {} });
  for (const name of ['Node.js', 'better-sqlite3', 'hls.js', 'zod']) expect(licenses.stdout).toContain(name);
});

test('a broadcast, its ladder, a viewer, keys and a backup need the one file alone, and nothing is written outside of the data folder', async () => {
  const config = join(folder.path, 'streamctl.yaml');
  await writeFile(config, configuration);
  await chmod(folder.path, 0o755);
  const geoip = join(folder.path, 'countries.mmdb');
  writeCountries(geoip, { '127.0.0.0/8': 'CH' });
  const chosen = { STREAMCTL_CONFIG: config, STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_ANALYTICS_GEOIP: geoip };
  const env = { ...(await poorEnvironment()), ...chosen };
  const server = await TestServer.start({ program: [executable], env, isEnvironmentAlone: true, openPublish: false });
  try {
    const created = await server.command('keys', 'create', 'show', '--json');
    expect(created.code, created.stderr).toBe(0);
    const { key } = JSON.parse(created.stdout) as { key: string };
    await until('it is known what this machine can do', () => server.log.includes('ready to transcode'));
    const publishing = await publishSample(server.rtmpUrl, key);
    const { hls, watch } = server.playback('show');
    const listed = await until('the rung is offered', async () => {
      const text = await (await fetch(hls)).text();
      return text.includes('/240p/') && text;
    });
    expect(listed).toContain('/source/');
    const probed = await run('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v:0', '-count_packets', '-read_intervals', '%+3'],
      ...['-show_entries', 'stream=height,nb_read_packets', '-of', 'csv=p=0', new URL('240p/index.m3u8', hls).href],
    ]);
    expect(probed.stdout).toMatch(/^240,\d{2,}/m);
    expect(await (await fetch(watch)).text()).toContain('<video');
    const metrics = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
    const country = async () => (await metrics.showStreamMetrics('show')).by_country[0]?.country;
    await until('the country of a viewer is known', async () => (await country()) === 'CH');
    const backup = join(server.dataFolder, 'copy.db');
    expect(await server.command('db', 'backup', backup)).toMatchObject({ code: 0 });
    await publishing.stop();
    expect((await server.stop())?.code).toBe(0);
    expect(await readdir(join(folder.path, 'alone'))).toEqual(['streamctl']);
  } finally {
    await server.dispose();
  }
});

test('its dashboard is drawn with nothing of this machine, and leaves the terminal as it was', async () => {
  const server = await TestServer.start({ program: [executable], isEnvironmentAlone: true });
  const publishing = await publishSample(server.rtmpUrl, 'show');
  const socket = join(server.dataFolder, 'control.sock');
  const program = `env -i TERM=unheard-of LANG=C.UTF-8 ${executable} top --control-socket ${socket}`;
  const terminal = await Tmux.start(`${program}; echo "ended with $?"`, { width: 80, height: 24 });
  try {
    await terminal.shows(/^show +live .*[▁▂▃▄▅▆▇█]{2}/m);
    await terminal.press('Enter');
    await terminal.shows(/^source +1280×720/m);
    await terminal.press('C-c');
    await terminal.shows('ended with 0');
    expect(await terminal.modes()).toContain('alternate_on=0 cursor_flag=1');
  } finally {
    await terminal.stop();
    await publishing.stop();
    await server.dispose();
  }
});

test('killed while keys are written, it has every key that it had acknowledged', async () => {
  const server = await TestServer.start({ program: [executable], isEnvironmentAlone: true });
  try {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const api = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let number = 0; ; number++) {
          const { id } = await api.createKey({ channel: `show-${round}-${writer}-${number}` });
          acknowledged.push(id);
        }
      });
      const writing = Promise.allSettled(writers);
      await until('keys are written', () => acknowledged.length > 30 * (round + 1));
      await server.crash();
      await writing;
      await server.launch();
    }
    const listed = await server.command('keys', 'list', '--json');
    const { items } = JSON.parse(listed.stdout) as { items: { id: string }[] };
    const kept = new Set(items.map(({ id }) => id));
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  } finally {
    await server.dispose();
  }
});

test('its doctor looks at a machine, and its bench at a server of its own, and leave nothing', async () => {
  const alone = await temporaryFolder('executable-bench');
  const ports = { STREAMCTL_HTTP_LISTEN: '127.0.0.1:0', STREAMCTL_RTMP_LISTEN: '127.0.0.1:0' };
  const env = { ...(await poorEnvironment()), TMPDIR: alone.path };
  const options = { env: { ...env, ...ports }, cwd: alone.path };
  const doctor = await run(executable, ['doctor', '--json'], options);
  expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
  const { findings } = JSON.parse(doctor.stdout) as { findings: { code: string }[] };
  expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['ffmpeg', 'disk-space', 'memory']));
  // What is configured for the machine's own server does not count.
  const elsewhere = { ...options, env: { ...env, STREAMCTL_HTTP_LISTEN: 'nonsense' } };
  const bench = await run(executable, ['bench', '--viewers', '20', '--seconds', '2', '--json'], elsewhere);
  expect(bench.code, bench.stderr).toBe(0);
  const report = JSON.parse(bench.stdout);
  expect(report).toMatchObject({
    machine: { cores: expect.any(Number), is_busy: expect.any(Boolean) },
    broadcasts: { measured: 10, live: 10, bitrate_bps: 2_500_000 },
    viewers: [
      { kind: 'll-hls', measured: 20, playing: 20, errors: 0 },
      { kind: 'hls', measured: 20, playing: 20, errors: 0 },
    ],
  });
  // Each follows pictures of 2.5 Mbit/s, filler and all, and the sound.
  for (const { bits_per_second: bps } of report.viewers) expect(bps / 20).toBeGreaterThan(1_500_000);
  expect(await readdir(alone.path)).toEqual([]);
  await alone.remove();
});

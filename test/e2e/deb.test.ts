import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, link, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Child, run } from '../support/child.ts';
import { builtExecutable } from '../support/executable.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/* The package on this machine's own dpkg: needs root, and leaves nothing. */

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'packaging/sample/sample.flv');
const mayInstall = process.getuid?.() === 0 && !existsSync('/var/lib/dpkg/info/streamctl.list');
const later = '999.0.0';
const ports = { STREAMCTL_HTTP_LISTEN: '127.0.0.1:0', STREAMCTL_RTMP_LISTEN: '127.0.0.1:0' };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const packages: string[] = [];

async function buildPackage(name: string, ...args: readonly string[]): Promise<string> {
  const dist = join(folder.path, name);
  const built = await builtExecutable();
  await mkdir(dist);
  for (const file of ['streamctl', 'streamctl.cdx.json']) {
    await link(join(built, file), join(dist, file)).catch(() => cp(join(built, file), join(dist, file)));
  }
  const env = { ...process.env, DPKG_DEB_COMPRESSOR_TYPE: 'none', SOURCE_DATE_EPOCH: '1700000000' };
  const made = await run(process.execPath, [join(root, 'packaging/deb/build.ts'), dist, ...args], { env });
  expect(made.code, made.stderr).toBe(0);
  return join(dist, readdirSync(dist).find((file) => file.endsWith('.deb'))!);
}

/** dpkg, as soon as nobody else uses it. */
async function dpkg(...args: readonly string[]): Promise<void> {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const result = await until('dpkg is free', async () => {
    const done = await run('dpkg', args, options);
    return !done.stderr.includes('lock') && done;
  });
  expect(result.code, result.stderr).toBe(0);
}

beforeAll(async () => {
  folder = await temporaryFolder('deb');
  packages.push(await buildPackage('first'));
}, 240_000);

afterAll(async () => {
  if (mayInstall) await run('dpkg', ['--purge', 'streamctl']);
  await folder?.remove();
});

test('the same sources give the same package', async () => {
  const again = await buildPackage('again');
  expect(Buffer.compare(readFileSync(packages[0]!), readFileSync(again))).toBe(0);
});

/** The settings of a unit's section, by name; of several the last. */
function unitSettings(): Map<string, string> {
  const lines = readFileSync('/lib/systemd/system/streamctl.service', 'utf8').split('\n');
  return new Map(lines.filter((line) => /^\w+=/.test(line)).map((line) => line.split(/=(.*)/s) as [string, string]));
}

/** Runs ExecStart as the unit says, as far as a machine without systemd can: its user, no privileges, limits, a system that cannot be written. */
function startService(): Child {
  const unit = unitSettings();
  const mostFiles = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  mkdirSync('/run/streamctl', { recursive: true });
  const confine = [
    'chown streamctl:streamctl /run/streamctl && chmod 0750 /run/streamctl',
    'mount --bind /var/lib/streamctl /var/lib/streamctl && mount --bind /run/streamctl /run/streamctl',
    'mount -o remount,bind,ro / && mount -t tmpfs tmpfs /tmp && cd /var/lib/streamctl',
    `umask ${unit.get('UMask')}`,
    'exec "$@"',
  ].join(' && ');
  const files = Math.min(Number(unit.get('LimitNOFILE')), mostFiles);
  const service = new Child(
    'unshare',
    [
      ...['--mount', '--ipc', 'sh', '-c', confine, 'sh'],
      ...['prlimit', `--nofile=${files}`, `--core=${unit.get('LimitCORE')}`],
      ...['setpriv', '--reuid=streamctl', '--regid=streamctl', '--clear-groups', '--no-new-privs'],
      ...['--inh-caps=-all', '--bounding-set=-all', '--'],
      ...unit.get('ExecStart')!.split(' '),
    ],
    {
      env: {
        PATH: '/usr/bin:/bin',
        STREAMCTL_CONFIG: '/etc/streamctl/streamctl.yaml',
        STREAMCTL_LOG_FORMAT: 'json',
        ...ports,
      },
    },
  );
  onTestFinished(async () => void (await service.stop('SIGKILL')));
  return service;
}

/** Where it is reached. */
async function isReady(service: Child): Promise<{ http: string; rtmp: string }> {
  return await until('it is ready', () => {
    if (!service.isRunning) throw new Error(`it ended: ${service.stderr}`);
    const [, http, rtmp] = /"http_url":"([^"]+?)\/?","rtmp_url":"([^"]+)"/.exec(service.stderr) ?? [];
    return http !== undefined && rtmp !== undefined && { http, rtmp };
  });
}

/** What a command answers for the administrator, who is root. */
async function asRoot(...args: readonly string[]) {
  const result = await run('streamctl', [...args, '--json'], { cwd: '/', env: { PATH: '/usr/bin:/bin', ...ports } });
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

test.runIf(mayInstall)(
  'installed, a broadcast is played; an upgrade keeps keys and broadcasts; purge leaves nothing',
  async () => {
    await dpkg('--install', packages[0]!);
    expect((await run('dpkg', ['--verify', 'streamctl'])).stdout).not.toMatch(/^..5.* [^c] /m);
    expect(statSync('/etc/streamctl/streamctl.yaml').mode & 0o777).toBe(0o640);
    // As often as dpkg likes.
    expect((await run('/var/lib/dpkg/info/streamctl.postinst', ['configure'])).code).toBe(0);
    expect(await run('streamctl', ['config', 'check'], { cwd: '/' })).toMatchObject({ code: 0 });

    let service = startService();
    let urls = await isReady(service);
    const { key } = await asRoot('keys', 'create', 'show');
    const publisher = new Child('streamctl', ['publish', sample, `${urls.rtmp}/${key}`, '--loop']);
    const plays = () =>
      until('it plays', async () => (await fetch(`${urls.http}/hls/show/index.m3u8`).catch(() => undefined))?.ok);
    await plays();
    const { id } = await asRoot('streams', 'show', 'show');
    expect(statSync('/var/lib/streamctl').mode & 0o777).toBe(0o700);
    expect(readFileSync(`/proc/${service.process.pid}/status`, 'utf8')).toMatch(/^CapBnd:\t0+$/m);

    // A change that the operator has made stays, and so do the keys and the broadcast.
    packages.push(await buildPackage('later', later));
    await dpkg('--install', packages[1]!);
    expect(await service.stop('SIGTERM')).toMatchObject({ code: 0 });
    await publisher.stop();
    service = startService();
    urls = await isReady(service);
    expect((await run('streamctl', ['--version'])).code).toBe(0);
    expect((await run('dpkg-query', ['--status', 'streamctl'])).stdout).toContain(`Version: ${later}`);
    const again = new Child('streamctl', ['publish', sample, `${urls.rtmp}/${key}`, '--loop']);
    await until('the same broadcast goes on', async () => {
      const stream = await asRoot('streams', 'show', 'show');
      return stream.id === id && stream.state === 'ACTIVE' && stream.interrupted_since === null;
    });
    await plays();
    await again.stop();
    await service.stop('SIGTERM');

    await dpkg('--remove', 'streamctl');
    expect(existsSync('/usr/bin/streamctl')).toBe(false);
    expect(existsSync('/var/lib/streamctl/streamctl.db')).toBe(true);
    expect(existsSync('/etc/streamctl/streamctl.yaml')).toBe(true);
    await dpkg('--purge', 'streamctl');
    const left = await run('find', [
      '/etc',
      '/usr',
      '/lib',
      '/var/lib',
      '/run',
      '-xdev',
      '-name',
      '*streamctl*',
      '-not',
      '-path',
      '/run/user/*',
    ]);
    expect(left.stdout).toBe('');
    expect((await run('getent', ['passwd', 'streamctl'])).stdout).toBe('');
  },
  240_000,
);

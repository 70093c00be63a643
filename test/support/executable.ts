import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './child.ts';
import { until } from './until.ts';

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache/streamctl-executable');
const buildMs = 180_000;

/** Folder with what `npm run build` makes of the sources as they are: made once for all tests, and kept until they change. */
export async function builtExecutable(): Promise<string> {
  const name = sourceHash();
  const folder = join(cache, name);
  const lock = join(cache, 'lock');
  mkdirSync(cache, { recursive: true });
  await until('nobody else builds', () => existsSync(folder) || tryLock(lock), buildMs);
  if (existsSync(folder)) return folder;
  try {
    const partial = join(cache, 'partial');
    rmSync(partial, { recursive: true, force: true });
    const builder = join(root, 'packaging/executable/build.ts');
    const built = await run(process.execPath, [builder, partial], { timeoutMs: buildMs });
    if (built.code !== 0) throw new Error(`the executable cannot be built: ${built.stderr}`);
    for (const old of readdirSync(cache)) {
      if (old !== 'lock' && old !== 'partial') rmSync(join(cache, old), { recursive: true, force: true });
    }
    renameSync(partial, folder);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
  return folder;
}

/** A lock that a killed run has left is taken over. */
function tryLock(lock: string): boolean {
  const stat = statSync(lock, { throwIfNoEntry: false });
  if (stat !== undefined && Date.now() - stat.mtimeMs > buildMs) rmSync(lock, { recursive: true, force: true });
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const top of ['src', 'commands', 'packaging', 'package.json', 'package-lock.json']) {
    for (const path of filesBelow(join(root, top))) hash.update(path).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

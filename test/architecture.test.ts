import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Data runs left to right, imports run towards the core: a file imports from its own folder or from a lower rank. */
const ranks: Record<string, number> = {
  'src/base': 0,
  'src/media': 1,
  'src/rtmp': 1,
  'src/contract': 1,
  'src/cmcd': 1,
  'src/config': 1,
  'src/host': 1,
  'src/observability': 1,
  'src/geoip': 2,
  'src/store': 2,
  'src/stream': 2,
  'src/tracing': 2,
  'src/client': 2,
  'src/web': 2,
  'src/access': 3,
  'src/ingest': 3,
  'src/publisher': 3,
  'src/load': 3,
  'src/packager': 3,
  'src/transcode': 3,
  'src/tui': 3,
  'src/delivery': 4,
  'src/doctor': 5,
  'src/events': 5,
  'src/analytics': 5,
  'src/realtime': 6,
  'src/warehouse': 6,
  'src/bench': 6,
  'src/api': 6,
  'src/pipeline': 7,
  'src/prober': 5,
  'src/threads': 8,
  'src/metrics': 9,
  'src/front': 7,
  'src/live': 7,
  'src/app': 10,
  'src/app.ts': 11,
  'src/cli': 12,
  commands: 13,
  'src/main.ts': 14,
};

const root = resolve(import.meta.dirname, '..');

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function roomOf(file: string): string {
  const [top, second] = file.split('/');
  return top === 'commands' ? 'commands' : `${top}/${second}`;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(root, file, '..', match[1] ?? '')),
  );
}

const files = [...sourceFiles('src'), ...sourceFiles('commands')];

test('every source file lives in a room that has a rank', () => {
  const homeless = files.filter((file) => ranks[roomOf(file)] === undefined);
  expect(homeless).toEqual([]);
});

test('a file imports only from its own room or from a lower rank', () => {
  const broken = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('src/') || target.startsWith('commands/'))
      .filter((target) => {
        const from = roomOf(file);
        const to = roomOf(target);
        return from !== to && !((ranks[to] ?? 99) < (ranks[from] ?? -1));
      })
      .map((target) => `${file} may not import ${target}`),
  );
  expect(broken).toEqual([]);
});

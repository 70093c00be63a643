#!/usr/bin/env node
const [nodeMajor = 0] = process.versions.node.split('.').map(Number);
if (nodeMajor < 24) {
  process.stderr.write(
    `streamctl needs Node 24; this is ${process.versions.node}. Run it as: npx streamctl ${process.argv.slice(2).join(' ')}\n`,
  );
  process.exit(2);
}

const { readFileSync } = await import('node:fs');
const { enableCompileCache } = await import('node:module');
const { resolve } = await import('node:path');

// Every thread would take the types out of the sources anew, and keep what it needed for it: 50 MB of a server's memory.
const { directory } = enableCompileCache(resolve(import.meta.dirname, '../node_modules/.cache/streamctl'));
if (directory !== undefined) process.env.NODE_COMPILE_CACHE = resolve(directory, '..');

const { runCommandLine } = await import('./cli/run.ts');
const { commandMap } = await import('../commands/map.ts');

const root = resolve(import.meta.dirname, '..');
const packageJson = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
process.exitCode = await runCommandLine({ argv: process.argv.slice(2), commands: commandMap, root, packageJson });

export {};

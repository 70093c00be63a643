import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/** Types and style of the whole project; exits 1 when one of them is broken, having run both. */
const root = resolve(import.meta.dirname, '../..');
const checks: readonly (readonly [program: string, ...args: string[]])[] = [
  ['.bin/tsc', '-p', '.'],
  ['@biomejs/cli-linux-x64/biome', 'check', '--error-on-warnings', '.'],
];
let failed = 0;
for (const [program, ...args] of checks) {
  const { status, error } = spawnSync(join(root, 'node_modules', program), args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) console.error(`${program} does not start: ${error.message}`);
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);

import { join } from 'node:path';
import type { ClickHouseTarget } from '../../src/config/analytics-url.ts';
import { Child } from './child.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

/** Where the npm package `chdb` is installed (546 MB: not here); docs/architecture.md tells how. */
export function chdbModule(): string | undefined {
  return process.env.STREAMCTL_CHDB || undefined;
}

/** ClickHouse of today in a process of its own, with a temporary folder. Whoever starts it disposes of it. */
export interface ChdbFront {
  /** Of a database that does not exist yet. */
  newTarget(): ClickHouseTarget;
  dispose(): Promise<void>;
}

/** `modulePath`: where `chdb` is installed. */
export async function startChdbFront(modulePath: string): Promise<ChdbFront> {
  const { path, remove } = await temporaryFolder('chdb');
  const program = join(import.meta.dirname, 'chdb-server.ts');
  const child = new Child('setpriv', ['--pdeathsig', 'KILL', process.execPath, program, modulePath, path]);
  const port = await until('chdb answers', () => {
    if (!child.isRunning) throw new Error(`chdb ended: ${child.stdout}${child.stderr}`);
    return /^\d+$/m.exec(child.stdout)?.[0];
  });
  let databases = 0;
  return {
    newTarget: () => ({
      ...{ kind: 'clickhouse', host: '127.0.0.1', port: Number(port), isTls: false },
      ...{ database: `modern_${++databases}`, login: undefined },
    }),
    async dispose() {
      await child.stop('SIGKILL');
      await remove();
    },
  };
}

import { join } from 'node:path';
import { startPostgres } from '../support/postgres.ts';
import {
  type MigrationKillsReport,
  rehearseMigrationKills,
  rehearseWriterKills,
  type WriterKillsReport,
} from '../support/store-kills.ts';
import { rehearseStoreOutage, type StoreOutageReport } from '../support/store-outage.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { LoadGroup } from './load/load-group.ts';

export interface StoreKillsSoakReport {
  readonly [store: string]: { readonly writes: WriterKillsReport; readonly migrations: MigrationKillsReport };
}

/** Processes are killed while they write to a store, and while they make its tables: SQLite and Postgres. */
export async function soakStoreKills(moments: number): Promise<StoreKillsSoakReport> {
  const folder = await temporaryFolder('store-kills');
  const postgres = await startPostgres();
  let files = 0;
  const stores = {
    sqlite: async () => `sqlite:${join(folder.path, `${++files}.db`)}`,
    postgres: () => postgres.newDatabase(),
  };
  try {
    const report: Record<string, StoreKillsSoakReport[string]> = {};
    for (const [name, newUrl] of Object.entries(stores)) {
      const writes = await rehearseWriterKills(await newUrl(), moments);
      report[name] = { writes, migrations: await rehearseMigrationKills(newUrl, moments) };
    }
    return report;
  } finally {
    await postgres.dispose();
    await folder.remove();
  }
}

export interface StoreOutageSoakOptions {
  readonly seconds: number;
  readonly publishers: number;
  readonly viewers: number;
}

/** Postgres goes away for long, while several publish and many watch. */
export async function soakStoreOutage({
  seconds,
  publishers,
  viewers,
}: StoreOutageSoakOptions): Promise<StoreOutageReport> {
  return await rehearseStoreOutage({
    outageSeconds: seconds,
    publishers,
    startViewers: async (urls) => {
      const playlistUrls = urls.map((url) => url.replace('index.m3u8', 'source/index.m3u8'));
      const group = new LoadGroup({ kind: 'll-hls', playlistUrls, viewers, rampMs: 4000 });
      const signal = new AbortController().signal;
      await group.wait(4000, signal);
      await group.untilPlaying(viewers, 30_000, signal);
      group.begin();
      return async () => {
        const figures = await group.end();
        await group.stop();
        return figures;
      };
    },
  });
}

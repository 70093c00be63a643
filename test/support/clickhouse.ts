import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseTarget } from '../../src/config/analytics-url.ts';
import { Child } from './child.ts';
import { freePort } from './redis-server.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

/** Starts a ClickHouse of the test's own, in a temporary folder. Whoever starts it disposes of it. */
export async function startClickHouse(): Promise<ClickHouseServer> {
  return await ClickHouseServer.create();
}

/** A private clickhouse-server on a port of the system's choice of 127.0.0.1, which it keeps when it is started again. */
export class ClickHouseServer {
  readonly port: number;
  readonly folder: string;
  private readonly removeFolder: () => Promise<void>;
  private child: Child | undefined;
  private databases = 0;

  private constructor(folder: string, removeFolder: () => Promise<void>, port: number) {
    this.folder = folder;
    this.removeFolder = removeFolder;
    this.port = port;
  }

  static async create(): Promise<ClickHouseServer> {
    const { path, remove } = await temporaryFolder('clickhouse');
    for (const name of ['data', 'tmp', 'user_files', 'log']) await mkdir(join(path, name));
    const server = new ClickHouseServer(path, remove, await freePort());
    await writeFile(join(path, 'config.xml'), configOf(path, server.port, await freePort()));
    await writeFile(join(path, 'users.xml'), users);
    await server.start();
    return server;
  }

  /** Starts it again. */
  async start(): Promise<void> {
    const config = `--config-file=${join(this.folder, 'config.xml')}`;
    const child = new Child('setpriv', ['--pdeathsig', 'KILL', 'clickhouse-server', config], { cwd: this.folder });
    this.child = child;
    await until('ClickHouse answers', async () => {
      if (!child.isRunning) throw new Error(`ClickHouse ended: ${child.stdout}${child.stderr}`);
      return (await fetch(`http://127.0.0.1:${this.port}/`).catch(() => undefined))?.ok;
    });
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    await this.child?.stop('SIGKILL');
  }

  /** Freezes it: connections stay open, and nobody answers. Until `resume`. */
  pause(): void {
    this.child?.process.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.process.kill('SIGCONT');
  }

  /** Of a database that does not exist yet. */
  newTarget(): ClickHouseTarget {
    const database = `test_${++this.databases}`;
    return { kind: 'clickhouse', host: '127.0.0.1', port: this.port, isTls: false, database, login: undefined };
  }

  async dispose(): Promise<void> {
    await this.kill();
    await this.removeFolder();
  }
}

function configOf(folder: string, httpPort: number, tcpPort: number): string {
  return `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>${folder}/log/server.log</log><errorlog>${folder}/log/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><http_port>${httpPort}</http_port><tcp_port>${tcpPort}</tcp_port>
  <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path><user_files_path>${folder}/user_files/</user_files_path>
  <users_config>users.xml</users_config><default_profile>default</default_profile>
  <default_database>default</default_database><mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size><timezone>Asia/Tokyo</timezone>
</yandex>
`;
}

const users = `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
`;

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseTarget } from '../../src/config/analytics-url.ts';
import type { CertificateFiles } from './certificate-authority.ts';
import { Child } from './child.ts';
import { freePort } from './redis-server.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

export interface ClickHouseOptions {
  /** Makes it answer over HTTPS too. */
  readonly certificate?: CertificateFiles;
  /** Of the user `default`; by default none. */
  readonly password?: string;
}

/** Starts a ClickHouse of the test's own, in a temporary folder. Whoever starts it disposes of it. */
export async function startClickHouse(options: ClickHouseOptions = {}): Promise<ClickHouseServer> {
  return await ClickHouseServer.create(options);
}

/** A private clickhouse-server on a port of the system's choice of 127.0.0.1, which it keeps when it is started again. */
export class ClickHouseServer {
  readonly port: number;
  /** Of HTTPS, where it has a certificate. */
  readonly tlsPort: number;
  readonly folder: string;
  private readonly password: string;
  private readonly removeFolder: () => Promise<void>;
  private child: Child | undefined;
  private databases = 0;

  private constructor(
    { path, remove }: Awaited<ReturnType<typeof temporaryFolder>>,
    ports: { readonly port: number; readonly tlsPort: number },
    password: string,
  ) {
    this.folder = path;
    this.removeFolder = remove;
    this.port = ports.port;
    this.tlsPort = ports.tlsPort;
    this.password = password;
  }

  static async create({ certificate, password = '' }: ClickHouseOptions = {}): Promise<ClickHouseServer> {
    const folder = await temporaryFolder('clickhouse');
    const { path } = folder;
    for (const name of ['data', 'tmp', 'user_files', 'log']) await mkdir(join(path, name));
    const ports = { port: await freePort(), tlsPort: await freePort() };
    const server = new ClickHouseServer(folder, ports, password);
    const tls = certificate === undefined ? '' : tlsConfig(ports.tlsPort, certificate);
    await writeFile(join(path, 'config.xml'), configOf(path, ports.port, await freePort(), tls));
    await writeFile(join(path, 'users.xml'), usersOf(password));
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
    const login = this.password === '' ? undefined : { user: 'default', password: this.password };
    return { kind: 'clickhouse', host: '127.0.0.1', port: this.port, isTls: false, database, login };
  }

  /** The same over HTTPS, of `localhost`. */
  newTlsTarget(): ClickHouseTarget {
    return { ...this.newTarget(), host: 'localhost', port: this.tlsPort, isTls: true };
  }

  async dispose(): Promise<void> {
    await this.kill();
    await this.removeFolder();
  }
}

function configOf(folder: string, httpPort: number, tcpPort: number, tls: string): string {
  return `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>${folder}/log/server.log</log><errorlog>${folder}/log/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><http_port>${httpPort}</http_port><tcp_port>${tcpPort}</tcp_port>
  <path>${folder}/data/</path><tmp_path>${folder}/tmp/</tmp_path><user_files_path>${folder}/user_files/</user_files_path>
  <users_config>users.xml</users_config><default_profile>default</default_profile>
  <default_database>default</default_database><mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size><timezone>Asia/Tokyo</timezone>${tls}
</yandex>
`;
}

function tlsConfig(httpsPort: number, { certPath, keyPath }: CertificateFiles): string {
  return `
  <https_port>${httpsPort}</https_port>
  <openSSL><server>
    <certificateFile>${certPath}</certificateFile><privateKeyFile>${keyPath}</privateKeyFile>
    <verificationMode>none</verificationMode>
  </server></openSSL>`;
}

function usersOf(password: string): string {
  return `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
  <users><default><password>${password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
`;
}

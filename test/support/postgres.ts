import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { makeCertificate } from './certificate.ts';
import { Child, run } from './child.ts';
import { postgresFolder } from './postgres-folder.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

const user = 'streamctl';
/** Of the test's user, with what has to be escaped in a URL. */
export const postgresPassword = 'pass/word:@1';

/** Nothing is worth keeping when the machine goes down; what was committed survives a crash of Postgres all the same. */
const carelessSettings = ['fsync=off', 'full_page_writes=off'];

export interface PostgresOptions {
  /** The host that its certificate names; without one it speaks no TLS. */
  readonly tlsHost?: string;
  /** `name=value` of postgresql.conf. */
  readonly settings?: readonly string[];
}

/** Starts a Postgres of the test's own, in a temporary folder. Whoever starts it disposes of it. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  return await PostgresServer.create(options);
}

/** A private Postgres on a port of the system's choice of 127.0.0.1, which it keeps when it is started again. */
export class PostgresServer {
  /** Of an empty database. */
  readonly url: string;
  readonly port: number;
  private readonly folder: string;
  private readonly removeFolder: () => Promise<void>;
  private readonly settings: readonly string[];
  private child: Child | undefined;
  private databases = 0;

  private constructor(folder: string, removeFolder: () => Promise<void>, port: number, settings: readonly string[]) {
    this.folder = folder;
    this.removeFolder = removeFolder;
    this.port = port;
    this.settings = settings;
    this.url = this.urlOf('postgres');
  }

  static async create({ tlsHost, settings = [] }: PostgresOptions): Promise<PostgresServer> {
    const { path, remove } = await temporaryFolder('postgres');
    await chmod(path, 0o755);
    await writeFile(join(path, 'password'), `${postgresPassword}\n`);
    if (tlsHost !== undefined) {
      const { cert, key } = await makeCertificate(tlsHost);
      await writeFile(join(path, 'server.crt'), cert);
      await writeFile(join(path, 'server.key'), key, { mode: 0o600 });
    }
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'postgres:', path]);
    const made = await run(
      ...asPostgres('initdb', [
        ...['-D', join(path, 'data'), '-U', user, '-A', 'scram-sha-256', '--pwfile', join(path, 'password')],
        ...['-E', 'UTF8', '--locale=C', '--no-sync'],
      ]),
      { cwd: path },
    );
    if (made.code !== 0) throw new Error(`initdb: ${made.stderr}`);
    const tls = ['ssl=on', `ssl_cert_file=${path}/server.crt`, `ssl_key_file=${path}/server.key`];
    const server = new PostgresServer(path, remove, await freePort(), [
      ...(tlsHost === undefined ? [] : tls),
      ...settings,
    ]);
    await server.start();
    return server;
  }

  /** The certificate that it shows, and that signs itself. */
  get certificatePath(): string {
    return join(this.folder, 'server.crt');
  }

  get processId(): number {
    return Number(readFileSync(join(this.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** Starts it again. */
  async start(): Promise<void> {
    const settings = [...carelessSettings, `unix_socket_directories=${this.folder}`, 'listen_addresses=127.0.0.1'];
    const child = new Child(
      ...asPostgres('postgres', [
        ...['-D', join(this.folder, 'data'), '-p', String(this.port)],
        ...[...settings, ...this.settings].flatMap((setting) => ['-c', setting]),
      ]),
      { cwd: this.folder },
    );
    this.child = child;
    await until('Postgres is ready', () => {
      if (!child.isRunning) throw new Error(`Postgres ended: ${child.stderr}`);
      return child.stderr.includes('database system is ready to accept connections');
    });
  }

  /** Ends it and everybody's connection; `crash`: as a loss of power does. */
  async stop(how: 'fast' | 'crash' = 'fast'): Promise<void> {
    await this.child?.stop(how === 'fast' ? 'SIGINT' : 'SIGQUIT', 10_000);
  }

  /** Freezes it: connections stay open, and nobody answers. Until `resume`. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** The URL of a new, empty database. */
  async newDatabase(): Promise<string> {
    const name = `test_${++this.databases}`;
    await this.query(`create database ${name}`);
    return this.urlOf(name);
  }

  /** Asks over a connection of its own. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it and fail where it is not what they expect
  async query(sql: string, url = this.url): Promise<any[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Stops it and removes its data. */
  async dispose(): Promise<void> {
    if (this.child?.isRunning) this.resume();
    await this.stop('crash');
    await this.removeFolder();
  }

  private urlOf(database: string): string {
    return `postgres://${user}:${encodeURIComponent(postgresPassword)}@127.0.0.1:${this.port}/${database}`;
  }

  /** To it and all its children. */
  private signal(signal: NodeJS.Signals): void {
    const postmaster = this.processId;
    process.kill(postmaster, signal);
    for (const pid of childrenOf(postmaster)) {
      try {
        process.kill(pid, signal);
      } catch {
        // it has ended by itself: its client is gone
      }
    }
  }
}

function childrenOf(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Postgres will not run as root, and must not outlive the test. */
function asPostgres(program: string, args: readonly string[]): [string, string[]] {
  const folder = postgresFolder();
  if (folder === undefined) throw new Error('Postgres is not installed: apt-get install postgresql');
  const identity = process.getuid?.() === 0 ? ['--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  return ['setpriv', [...identity, '--pdeathsig', 'QUIT', join(folder, program), ...args]];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

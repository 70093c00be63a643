import { Redis } from 'ioredis';
import { readNodeReport } from '../../src/realtime/node-report.ts';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { type ClickHouseServer, startClickHouse } from '../support/clickhouse.ts';
import { RedisServer } from '../support/redis-server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

export interface BackendsWanted {
  readonly withClickHouse: boolean;
  readonly withRedis: boolean;
}

/** What ClickHouse has of the viewers' sessions. */
export interface SessionSums {
  readonly sessions: number;
  readonly watchSeconds: number;
}

const timeoutMs = 10_000;

/** A real ClickHouse and a real Redis, where they are wanted, which can be taken away and come back. */
export class Backends {
  /** What the server's configuration says of them. */
  readonly sections: Readonly<Record<string, unknown>>;
  readonly clickHouse: ClickHouseServer | undefined;
  readonly redis: RedisServer | undefined;
  private readonly client: ClickHouseClient | undefined;
  private readonly removeFolder: () => Promise<void>;

  private constructor(
    clickHouse: ClickHouseServer | undefined,
    redis: RedisServer | undefined,
    removeFolder: () => Promise<void>,
  ) {
    const target = clickHouse?.newTarget();
    this.clickHouse = clickHouse;
    this.redis = redis;
    this.removeFolder = removeFolder;
    this.client = target && new ClickHouseClient(target);
    this.sections = {
      ...(target && { analytics: { url: `clickhouse://${target.host}:${target.port}/${target.database}` } }),
      ...(redis && { realtime: { url: `redis://127.0.0.1:${redis.port}/0` } }),
    };
  }

  static async start({ withClickHouse, withRedis }: BackendsWanted): Promise<Backends> {
    const { path, remove } = await temporaryFolder('audience');
    const clickHouse = withClickHouse ? await startClickHouse() : undefined;
    const redis = withRedis ? await RedisServer.startIn(path) : undefined;
    return new Backends(clickHouse, redis, remove);
  }

  get isEmpty(): boolean {
    return this.clickHouse === undefined && this.redis === undefined;
  }

  /** Nobody answers, and connections stay. */
  freeze(): void {
    this.clickHouse?.pause();
    this.redis?.pause();
  }

  /** Nobody listens. */
  async kill(): Promise<void> {
    await Promise.all([this.clickHouse?.kill(), this.redis?.kill()]);
  }

  async startAgain(): Promise<void> {
    await Promise.all([this.clickHouse?.start(), this.redis?.launch()]);
  }

  /** Viewers by the reports of all nodes in Redis. */
  async viewersInRedis(): Promise<number> {
    const client = new Redis({ port: this.redis!.port, lazyConnect: true, maxRetriesPerRequest: 1 });
    try {
      await client.connect();
      const keys = await client.keys('streamctl:node:*');
      const values = keys.length === 0 ? [] : await client.mget(keys);
      const streams = values.flatMap((text) => readNodeReport(text ?? '')?.streams ?? []);
      return streams.reduce((sum, { viewers }) => sum + viewers, 0);
    } finally {
      client.disconnect();
    }
  }

  /** Undefined without ClickHouse. `exceptNetwork`: of who is no viewer of the ledger. */
  async sessionSums(exceptNetwork: string): Promise<SessionSums | undefined> {
    const sql = `SELECT count() AS sessions, sum(watch_ms) AS watch FROM sessions WHERE network != '${exceptNetwork}'`;
    const rows = await this.client?.select<{ sessions: string; watch: string }>(sql, { timeoutMs });
    return rows?.map(({ sessions, watch }) => ({ sessions: Number(sessions), watchSeconds: Number(watch) / 1000 }))[0];
  }

  async dispose(): Promise<void> {
    await this.client?.close();
    await Promise.all([this.redis?.kill(), this.clickHouse?.dispose()]);
    await this.removeFolder();
  }
}

import { Redis } from 'ioredis';
import { StreamctlError } from '../base/errors.ts';
import { tlsFailure } from '../base/failure-text.ts';
import { within } from '../base/within.ts';
import type { RedisServerTarget } from '../config/redis-url.ts';

const connectTimeoutMs = 1000;
const commandTimeoutMs = 200;
const nodesKey = 'streamctl:nodes';
/** A node that has not told anything for so long is gone. */
const presenceMs = 10_000;

/**
 * Presence of nodes in Redis: a key for each that expires 10 s after it was last written, and a set of their names. Every call is answered
 * within 200 ms (1.2 s when it has to connect) or rejects, with REALTIME_TLS_FAILED where it was TLS; after that the connection is made anew.
 */
export class PresenceLink {
  private readonly target: RedisServerTarget;
  private readonly nodeId: string;
  private client: Redis | undefined;
  /** What befell the connection, which says more than the call that fails by it. */
  private trouble: Error | undefined;

  constructor(target: RedisServerTarget, nodeId: string) {
    this.target = target;
    this.nodeId = nodeId;
  }

  /** Writes what this node tells, and reads what the others told. */
  async exchange(report: string): Promise<string[]> {
    return await this.attempt(async (client) => {
      const told = client.multi();
      told.set(keyOf(this.nodeId), report, 'PX', presenceMs);
      told.sadd(nodesKey, this.nodeId);
      told.smembers(nodesKey);
      const results = await told.exec();
      const [error, nodeIds] = results?.find(([failure]) => failure !== null) ?? results?.[2] ?? [];
      if (error || !Array.isArray(nodeIds)) throw error ?? new Error('the transaction was not made');
      const others = (nodeIds as string[]).filter((id) => id !== this.nodeId);
      return others.length === 0 ? [] : await this.read(client, others);
    });
  }

  /** The others need not wait until this node's key expires. */
  async leave(): Promise<void> {
    if (this.client === undefined) return;
    await this.attempt(async (client) => {
      await client.multi().del(keyOf(this.nodeId)).srem(nodesKey, this.nodeId).exec();
    });
  }

  close(): void {
    this.client?.disconnect();
    this.client = undefined;
  }

  private async read(client: Redis, nodeIds: readonly string[]): Promise<string[]> {
    const values = await client.mget(nodeIds.map(keyOf));
    const gone = nodeIds.filter((_, index) => values[index] === null);
    if (gone.length > 0) await client.srem(nodesKey, gone);
    return values.filter((value) => value !== null);
  }

  private async attempt<Result>(work: (client: Redis) => Promise<Result>): Promise<Result> {
    try {
      this.client ??= await this.connect();
      return await within(AbortSignal.timeout(commandTimeoutMs), work(this.client));
    } catch (error) {
      this.close();
      throw this.explained(error);
    }
  }

  private explained(error: unknown): unknown {
    const cause = this.trouble ?? error;
    const { host, port, isTls } = this.target;
    const reason = isTls ? tlsFailure(cause) : undefined;
    if (reason === undefined) return cause;
    return new StreamctlError('REALTIME_TLS_FAILED', { place: `${host}:${port}`, reason }, { cause });
  }

  private async connect(): Promise<Redis> {
    this.trouble = undefined;
    const { host, port, database, isTls, login } = this.target;
    const client = new Redis({
      ...{ host, port, db: database },
      ...(login !== undefined && { password: login.password, ...(login.user !== '' && { username: login.user }) }),
      ...(isTls && { tls: {} }),
      lazyConnect: true,
      enableReadyCheck: false,
      connectTimeout: connectTimeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    client.on('error', (error) => {
      this.trouble = error;
    });
    try {
      await within(AbortSignal.timeout(connectTimeoutMs), client.connect());
      return client;
    } catch (error) {
      client.disconnect();
      throw error;
    }
  }
}

function keyOf(nodeId: string): string {
  return `streamctl:node:${nodeId}`;
}

import { join } from 'node:path';
import * as fc from 'fast-check';
import { unixFetch } from '../../../src/client/unix-fetch.ts';
import { openStore } from '../../../src/store/open.ts';
import { TestServer } from '../server.ts';
import { ChannelLife, type LifeServer } from './channel-life.ts';
import type { LifeCommand } from './life-model.ts';

/** What happens to all channels at once, and to the server afterwards. */
export interface LifePhase {
  /** One list a channel. */
  readonly commands: readonly (readonly LifeCommand[])[];
  readonly restart: 'none' | 'stop' | 'crash';
}

const key = fc.constantFrom(0 as const, 1 as const);
const command: fc.Arbitrary<LifeCommand> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('connect' as const), key }) },
  { weight: 6, arbitrary: fc.constant({ type: 'send' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'lose' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'goodbye' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'send-garbage' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('announce' as const),
      key,
      by: fc.constantFrom('token' as const, 'key' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'stop' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'wait' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'rotate' as const,
        'forbid' as const,
        'allow' as const,
        'expire' as const,
        'revoke' as const,
      ),
      key,
    }),
  },
);

/** Phases of `commands` commands for each of `channels` channels, at most. */
export function lives(channels: number, commands: number): fc.Arbitrary<LifePhase[]> {
  const phase = fc.record({
    commands: fc.array(fc.array(command, { minLength: 1, maxLength: commands }), {
      minLength: channels,
      maxLength: channels,
    }),
    restart: fc.constantFrom('none' as const, 'stop' as const, 'crash' as const),
  });
  return fc.array(phase, { minLength: 1, maxLength: 3 });
}

const graceMs = 2500;
const pendingTimeoutMs = 2500;

/** A real server with short waits, and channels that live on it. */
export class LifeStage {
  /** Commands that were done so far. */
  steps = 0;
  readonly restarts: ('stop' | 'crash')[] = [];
  private readonly server: TestServer;
  private readonly face: LifeServer & { rtmpUrl: string };
  private channels = 0;

  private constructor(server: TestServer, face: LifeServer) {
    this.server = server;
    this.face = face;
  }

  /** `storeUrl`: of an empty store; by default SQLite in the server's own folder. */
  static async open(storeUrl?: string): Promise<LifeStage> {
    const env = {
      STREAMCTL_RTMP_GRACE: `${graceMs}ms`,
      STREAMCTL_RTMP_PENDING_TIMEOUT: `${pendingTimeoutMs}ms`,
      STREAMCTL_HLS_SEGMENT: '500ms',
      STREAMCTL_HLS_PART: '250ms',
      STREAMCTL_HTTP_THREADS: '1',
      ...(storeUrl !== undefined && { STREAMCTL_STORE_URL: storeUrl }),
    };
    const server = await TestServer.start({ openPublish: false, env });
    const url = storeUrl ?? `sqlite:${join(server.dataFolder, 'streamctl.db')}`;
    const local = unixFetch(join(server.dataFolder, 'control.sock'));
    const face: LifeServer = {
      rtmpUrl: server.rtmpUrl,
      graceMs,
      pendingTimeoutMs,
      store: await openStore({ url, shouldMigrate: false }),
      call: async (method, path, body, streamKey) => {
        const headers = {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(streamKey !== undefined && { authorization: `Bearer ${streamKey}` }),
        };
        const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
        const response =
          streamKey === undefined
            ? await local(new Request(`http://localhost${path}`, init))
            : await fetch(`${server.httpUrl}${path}`, init);
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      },
    };
    return new LifeStage(server, face);
  }

  /** What the server has logged. */
  get log(): string {
    return this.server.log;
  }

  /** Lets channels of their own live through it. Throws with the story of the channel to which something else happened than should have. */
  async liveThrough(phases: readonly LifePhase[]): Promise<void> {
    const channels = await Promise.all(
      phases[0]!.commands.map(() => ChannelLife.create(this.face, `life-${++this.channels}`)),
    );
    for (const { commands, restart } of phases) {
      await this.all(channels, async (channel, index) => {
        for (const one of commands[index]!) {
          await channel.step(one);
          this.steps++;
        }
      });
      if (restart === 'none') continue;
      this.restarts.push(restart);
      if (restart === 'stop') await this.server.stop();
      else await this.server.crash();
      await this.server.launch().catch((error: Error) => {
        throw new Error(`${error.message}\n${this.server.log.slice(-4000)}`, { cause: error });
      });
      await this.all(channels, (channel) => channel.restarted(restart));
    }
    await this.all(channels, (channel) => channel.finish());
    await this.all(channels, async (channel) => {
      const mistakes = await channel.mistakes();
      if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
    });
  }

  async close(): Promise<void> {
    await this.face.store.close();
    await this.server.dispose();
  }

  /** At once; the first that fails tells its story when all are done. */
  private async all(
    channels: readonly ChannelLife[],
    act: (channel: ChannelLife, index: number) => Promise<void>,
  ): Promise<void> {
    const results = await Promise.allSettled(channels.map(act));
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const { channel, story } = channels[index]!;
      throw new Error(`${channel}: ${(result.reason as Error).message}\n  ${story.join('\n  ')}`, {
        cause: result.reason,
      });
    }
  }
}

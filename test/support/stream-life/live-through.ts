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
const one = <Type extends LifeCommand['type']>(type: Type) => fc.constant({ type });
const withKey = <Type extends LifeCommand['type']>(type: Type) => fc.record({ type: fc.constant(type), key });
const announce = fc.record({
  type: fc.constant('announce' as const),
  key,
  by: fc.constantFrom('token' as const, 'key' as const),
});
const live = [withKey('connect'), one('send')] as const;

/** Things done one after the other: single ones, and those that lead to where things can go wrong. */
const move: fc.Arbitrary<readonly LifeCommand[]> = fc.oneof(
  ...[withKey('connect'), one('send'), one('lose'), one('goodbye'), one('stop'), one('wait'), withKey('rotate')].map(
    (command) => fc.tuple<[LifeCommand]>(command),
  ),
  ...[withKey('revoke'), withKey('expire'), withKey('allow')].map((command) => fc.tuple<[LifeCommand]>(command)),
  fc.tuple(one('stop'), announce),
  fc.tuple(one('stop'), announce, announce),
  fc.tuple(announce, withKey('connect'), one('lose')),
  fc.tuple(...live, one('lose'), ...live),
  fc.tuple(...live, one('lose'), withKey('connect'), one('lose')),
  fc.tuple(...live, withKey('connect'), one('goodbye')),
  fc.tuple(...live, withKey('revoke')),
  fc.tuple(...live, one('lose'), withKey('revoke')),
  fc.tuple(...live, one('send-garbage')),
  fc.tuple(one('stop'), withKey('connect'), one('send-garbage')),
  fc.tuple(...live, withKey('forbid'), withKey('allow')),
  fc.tuple(one('stop'), withKey('forbid'), ...live),
);

/** Phases of `moves` moves for each of `channels` channels, at most. */
export function lives(channels: number, moves: number): fc.Arbitrary<LifePhase[]> {
  const commands = fc.array(move, { minLength: 1, maxLength: moves }).map((lists) => lists.flat());
  const phase = fc.record({
    commands: fc.array(commands, { minLength: channels, maxLength: channels }),
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

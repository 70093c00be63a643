import { Flags } from '@oclif/core';
import type { FlagInput } from '@oclif/core/interfaces';
import type { ApiClient } from '../client/api-client.ts';
import type { HttpServer } from '../client/http-fetch.ts';
import type { LiveServer } from '../client/live-metrics.ts';
import { BaseCommand } from './command.ts';

/** Flags of every command that talks to a server. */
export const serverFlags = {
  server: Flags.string({
    helpValue: 'URL',
    description:
      'A server elsewhere, such as https://live.example.org; else $STREAMCTL_SERVER, else the one of this machine.',
    helpGroup: 'SERVER',
  }),
  'token-file': Flags.string({
    helpValue: 'FILE',
    description: 'File with the API token for that server; else $STREAMCTL_TOKEN.',
    helpGroup: 'SERVER',
  }),
  token: Flags.string({
    helpValue: 'TOKEN',
    description:
      'The API token itself. Everybody on this machine can see it while the command runs: rather use a file or the variable.',
    helpGroup: 'SERVER',
  }),
};

/** A command that speaks with a server: of this machine by its socket, or elsewhere with a token; some go without one, on the store itself. */
export abstract class ServerCommand extends BaseCommand {
  static override baseFlags: FlagInput = { ...BaseCommand.baseFlags, ...serverFlags };

  /** Calls `use` with a way to the API, and closes it. `mustRun`: there has to be a server. */
  protected async withClient<Result>(
    flags: Record<string, unknown>,
    use: (client: ApiClient) => Promise<Result>,
    { mustRun = false } = {},
  ): Promise<Result> {
    const remote = await this.remoteServer(flags);
    if (remote !== undefined) {
      const { ApiClient } = await import('../client/api-client.ts');
      const { httpFetch } = await import('../client/http-fetch.ts');
      const { retryingFetch } = await import('../client/retrying-fetch.ts');
      return await use(new ApiClient(retryingFetch(httpFetch(remote))));
    }
    const { config } = await this.loadConfig(flags);
    const { requireServer, withControl } = await import('./control.ts');
    if (mustRun) return await use(await requireServer(config));
    return await withControl(config, ({ client }) => use(client));
  }

  /** Where the running server tells of itself. */
  protected async liveServer(flags: Record<string, unknown>): Promise<LiveServer> {
    const remote = await this.remoteServer(flags);
    if (remote !== undefined) return remote;
    const { config } = await this.loadConfig(flags);
    return { socketPath: config.control.socketPath };
  }

  private async remoteServer(flags: Record<string, unknown>): Promise<HttpServer | undefined> {
    const { isInTheClear, remoteServer } = await import('./remote-server.ts');
    const remote = remoteServer(flags, process.env);
    if (remote !== undefined && isInTheClear(remote)) {
      process.stderr.write('Without TLS everybody on the way can read the API token.\n');
    }
    return remote;
  }
}

import { unavailableInThisBuild } from '../../config/availability.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

/** Whether a server runs with this configuration, and what it asks for in vain. */
export function checkConfiguration({ config, server }: Host): Finding[] {
  const running =
    server === undefined
      ? fine('server', 'No server runs with this configuration: what follows holds for one that is started now.')
      : fine('server', `streamctl ${server.version} runs as process ${server.pid}.`);
  const missing = unavailableInThisBuild(config).map(({ path, why }) =>
    finding('setting-unavailable', 'warning', {
      found: `${path} is set, which this version cannot do.`,
      details: { path, why },
    }),
  );
  return [running, ...missing];
}

import { isExecutable } from '../base/embedded.ts';
import type { DemoLinks } from './demo.ts';
import { bold } from './table.ts';

const goLive = isExecutable
  ? 'streamctl serve, and in another terminal streamctl keys create NAME'
  : 'npm start, and in another terminal npx streamctl keys create NAME';

/** What the demo says once there is something to see. */
export function demoText(links: DemoLinks): string {
  const { watch_url, network_watch_url, hls_url, dash_url, moved_ports } = links;
  return [
    '',
    `  Watch it:            ${bold(watch_url)}`,
    ...(network_watch_url === watch_url ? [] : [`  From other devices:  ${network_watch_url}`]),
    `  HLS, DASH:           ${hls_url}  ${dash_url}`,
    ...moved_ports.map(({ usual, used }) => `  Port ${usual} is in use, so this is port ${used}.`),
    '',
    `Ctrl-C ends the demo. To go live yourself: ${goLive}`,
  ].join('\n');
}

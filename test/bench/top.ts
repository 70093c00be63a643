import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { Tmux } from '../support/tmux.ts';
import type { Report } from './report.ts';
import { sampleUsage } from './sampled-usage.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');
const channels = ['church-hall', 'morning-show', 'stage-b'];
const sizes = [
  { width: 80, height: 24 },
  { width: 200, height: 50 },
];
/** What a new process still compiles. */
const settleMs = 5000;

/** What `streamctl top` takes of a core with three broadcasts, and what it shows, on a small terminal and on a wide one. */
export async function benchTop(seconds: number, report: Report, signal: AbortSignal): Promise<void> {
  const folder = await temporaryFolder('bench-top');
  const server = await TestServer.start();
  const publishing = await Promise.all(channels.map((channel) => publishSample(server.rtmpUrl, channel)));
  try {
    for (const channel of channels) await server.isOnAir(channel);
    for (const size of sizes) {
      const pidFile = join(folder.path, `pid-${size.width}`);
      const program = `${process.execPath} ${main} top --data-dir ${server.dataFolder}`;
      const terminal = await Tmux.start(`sh -c 'echo $$ > ${pidFile}; exec ${program}'`, size);
      try {
        for (const channel of channels) await terminal.shows(new RegExp(`^${channel} +live`, 'm'));
        await delay(settleMs, undefined, { signal });
        const pid = Number(readFileSync(pidFile, 'utf8'));
        const usage = await sampleUsage(pid, seconds, (ms) => delay(ms, undefined, { signal }));
        report.line({ ...size, seconds, ...usage });
        report.progress(await terminal.screen());
        report.progress(`${size.width} × ${size.height}: ${usage.core_percent} % of a core, ${usage.rss_mib[2]} MiB`);
      } finally {
        await terminal.stop();
      }
    }
  } finally {
    await Promise.all(publishing.map((one) => one.stop()));
    await server.dispose();
    await folder.remove();
  }
}

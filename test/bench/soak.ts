import { parseArgs } from 'node:util';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';

const usage = `usage: npm run soak -- [--minutes 10] [--reconnect-every SECONDS] [--resolution-changes]
  One ffmpeg publisher, one server, and the strict outside checker for a long time. With --reconnect-every the publisher is
  killed and comes back; with --resolution-changes in another size each time. Prints what the checker finds as JSON; exits 1
  when it finds something.`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    'reconnect-every': { type: 'string', default: '0' },
    'resolution-changes': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.error(usage);
  process.exit(0);
}

const sizes = [
  { width: 640, height: 360 },
  { width: 426, height: 240 },
];
const endsAtMs = performance.now() + Number(values.minutes) * 60_000;
const reconnectSeconds = Number(values['reconnect-every']) || Number.POSITIVE_INFINITY;
const server = await TestServer.start();
const publish = (round: number) => {
  const size = sizes[values['resolution-changes'] ? round % sizes.length : 0];
  return publishTestPicture({ url: server.rtmpUrl, key: 'soak' }, 86_400, { keyframeSeconds: 1, ...size });
};

let publisher = publish(0);
await server.isOnAir('soak');
const { hls, ts, dash } = server.playback('soak');
const watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
await watch.start();
for (let round = 1; performance.now() < endsAtMs; round++) {
  const waitMs = Math.min(reconnectSeconds * 1000, endsAtMs - performance.now());
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  await watch.probe();
  console.error(`round ${round}: ${watch.findings.all.length} findings`);
  if (performance.now() >= endsAtMs) break;
  await publisher.kill();
  publisher = publish(round);
}
const report = await watch.stop();
await publisher.stop();
await server.dispose();
console.log(JSON.stringify(report, undefined, 2));
process.exit(report.findings.length === 0 ? 0 : 1);

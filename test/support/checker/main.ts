import { parseArgs } from 'node:util';
import { StreamWatch } from './stream-watch.ts';

const usage = `usage: node test/support/checker/main.ts URL… [--mpd URL] [--seconds 60]
  URL: multivariant playlists, such as http://host:8080/hls/show/index.m3u8 and …/ts.m3u8
  Watches a live stream from outside; prints what it finds as JSON; exits 1 when it finds something, 2 when used wrongly.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mpd: { type: 'string' }, seconds: { type: 'string', default: '60' } },
});
if (positionals.length === 0) {
  console.error(usage);
  process.exit(2);
}
const watch = new StreamWatch({
  playlistUrls: positionals,
  ...(values.mpd === undefined ? {} : { mpdUrl: values.mpd }),
});
const seconds = Number(values.seconds);
await watch.start();
await wait(seconds / 2);
await watch.probe();
await wait(seconds / 2);
const report = await watch.stop();
console.log(JSON.stringify(report, undefined, 2));
process.exit(report.findings.length === 0 ? 0 : 1);

function wait(forSeconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forSeconds * 1000));
}

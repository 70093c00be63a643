import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, constants } from 'node:http2';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { Delivery } from '../../src/delivery/delivery.ts';
import { PlaybackServer } from '../../src/delivery/fast-lane/playback-server.ts';
import { createPlaybackListener, viewerServerOptions } from '../../src/delivery/http-server.ts';
import { SecureListener } from '../../src/delivery/secure/secure-listener.ts';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import { Feeder } from '../delivery/feeder.ts';
import { makeCertificate } from '../support/certificate.ts';

/*
 * What TLS and HTTP/2 cost one process that answers from memory: processor time per answer beside the clear, and memory per
 * viewer that waits. About 15 s. Needs h2load (apt-get install -y nghttp2-client).
 * Usage: node test/bench/tls.ts
 */

const playlist = '/hls/st1/source/index.m3u8';
const subjects = [
  { name: 'playlist', path: playlist, requests: 40_000 },
  { name: 'segment of 300 kB', path: '/hls/st1/source/segment-3.m4s', requests: 4000 },
];

async function serve(): Promise<void> {
  const clock = systemClock;
  const delivery = new Delivery({ clock });
  const feeder = new Feeder((message) => delivery.apply(message), { availabilityStartMs: Date.now() - 60_000 });
  const video = feeder.video();
  for (let count = 0; count < 6; count++) video.segment({ partBytes: 75_000 });
  const next = createPlaybackListener(delivery, (_, response) => response.writeHead(404).end(), { clock });
  const listen = { host: '127.0.0.1', port: 0 };
  const shared = { listen, delivery, clock, maxConnections: 10_000 };
  const front = new SecureListener({ certificate: await makeCertificate(), next });
  const secure = new PlaybackServer({ ...shared, full: createServer(viewerServerOptions, next), front });
  const clear = new PlaybackServer({ ...shared, full: createServer(viewerServerOptions, next) });
  await Promise.all([secure.start(), clear.start()]);
  process.on('message', () => process.send?.(delivery.stats().waiters));
  process.send?.({ secure: secure.address.port, clear: clear.address.port });
}

async function measure(): Promise<void> {
  const server = fork(resolve(import.meta.dirname, 'tls.ts'), ['serve'], { execArgv: ['--expose-gc'] });
  const pid = server.pid ?? 0;
  try {
    const [ports] = (await once(server, 'message')) as [{ secure: number; clear: number }];
    const ways = [
      { name: 'HTTP/1.1', url: `http://127.0.0.1:${ports.clear}`, flags: ['--h1'] },
      { name: 'HTTP/1.1 over TLS', url: `https://127.0.0.1:${ports.secure}`, flags: ['--npn-list=http/1.1'] },
      { name: 'HTTP/2', url: `https://127.0.0.1:${ports.secure}`, flags: ['-m', '4', '-w', '20', '-W', '24'] },
    ];
    await holdRequests(ports.secure, pid, server, 50, 100);
    await holdRequests(ports.secure, pid, server, 1000, 1);
    for (const { name, path, requests } of subjects) {
      for (const way of ways) {
        const load = (count: number) => h2load([...way.flags, '-c', '32', '-n', String(count), `${way.url}${path}`]);
        await load(requests / 4);
        const before = readProcessUsage(pid).cpuMs;
        await load(requests);
        const microseconds = (1000 * (readProcessUsage(pid).cpuMs - before)) / requests;
        console.log(`${name.padEnd(18)} ${way.name.padEnd(18)} ${microseconds.toFixed(1).padStart(7)} µs CPU`);
      }
    }
  } finally {
    server.kill();
  }
}

async function h2load(args: readonly string[]): Promise<void> {
  const { stdout } = await promisify(execFile)('h2load', args);
  if (!stdout.includes(' 0 failed, 0 errored, 0 timeout'))
    throw new Error(`h2load ${args.join(' ')} failed:\n${stdout}`);
}

async function holdRequests(
  port: number,
  pid: number,
  server: ReturnType<typeof fork>,
  sessionCount: number,
  streamCount: number,
): Promise<void> {
  const before = readProcessUsage(pid).residentBytes;
  const sessions = await Promise.all(
    Array.from({ length: sessionCount }, async () => {
      const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      session.on('error', () => {});
      await once(session, 'connect');
      return session;
    }),
  );
  for (const session of sessions) {
    for (let i = 0; i < streamCount; i++) {
      session.request({ ':path': `${playlist}?_HLS_msn=7` }).on('error', () => {});
    }
  }
  let waiters = 0;
  while (waiters < sessionCount * streamCount) {
    server.send('waiters');
    [waiters] = (await once(server, 'message')) as [number];
  }
  const kilobytes = (readProcessUsage(pid).residentBytes - before) / 1024 / waiters;
  console.log(
    `${sessionCount} sessions with ${streamCount} waiting requests each: ${kilobytes.toFixed(1)} kB a request`,
  );
  for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
}

if (process.argv[2] === 'serve') await serve();
else await measure();

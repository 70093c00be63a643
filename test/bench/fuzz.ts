/**
 * `npm run fuzz -- [executions] [--seconds N] [--seed N]`: mutations of recorded publishers against RTMP sessions in this process,
 * and every hundredth also over a real socket. Prints one JSON object; exits 1 when anything crashed, hung, leaked or was not told.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { systemClock } from '../../src/base/clock.ts';
import { defaultRtmpLimits } from '../../src/ingest/rtmp/limits.ts';
import { RtmpServer } from '../../src/ingest/rtmp/server.ts';
import { MessageBuffers } from '../../src/rtmp/message-buffers.ts';
import { mutate, recordedSessions, runMutated, seeded } from '../ingest/rtmp/mutated-session.ts';
import { SocketPublisher } from '../ingest/rtmp/socket-publisher.ts';

const hangMs = 1000;
const socketEvery = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '3600' }, seed: { type: 'string', default: '1' } },
});
const wanted = Number(positionals[0] ?? 100_000);
const deadlineMs = performance.now() + Number(values.seconds) * 1000;

const random = seeded(Number(values.seed));
const recordings = recordedSessions();
const buffers = new MessageBuffers({ limitBytes: 64 << 20, keepBytes: 4 << 20 });
const defects: string[] = [];
let serverErrors = 0;
const server = new RtmpServer(
  { listen: { host: '127.0.0.1', port: 0 }, limits: { ...defaultRtmpLimits, closingMs: 200 } },
  {
    clock: systemClock,
    log: pino(
      { level: 'error' },
      {
        write: () => {
          serverErrors++;
        },
      },
    ),
    authorizePublish: async () => ({ allowed: true, grant: { channel: 'fuzz' } }),
    openPublication: () => ({ videoConfig() {}, audioConfig() {}, accessUnit() {}, end() {}, fail() {} }),
  },
);
await server.start(new AbortController().signal);
const port = server.addresses[0]!.port;

let executions = 0;
let overSockets = 0;
let published = 0;
let units = 0;
let hangs = 0;
let slowestMs = 0;
let maxRssBytes = 0;
const startedMs = performance.now();

process.on('uncaughtException', (error) => note('uncaught', error));
process.on('unhandledRejection', (error) => note('unhandled rejection', error));

for (; executions < wanted && performance.now() < deadlineMs; executions++) {
  const bytes = mutate(recordings, random);
  const before = process.threadCpuUsage(); // not the clock on the wall: other processes are no hang of ours
  const outcome = await runMutated(bytes, buffers, random);
  const spent = process.threadCpuUsage(before);
  const tookMs = (spent.user + spent.system) / 1000;
  slowestMs = Math.max(slowestMs, tookMs);
  if (tookMs > hangMs) hangs++;
  if (outcome.defect !== undefined) note(`execution ${executions}`, outcome.defect);
  if (outcome.reachedPublishing) published++;
  units += outcome.units;
  if (executions % socketEvery === 0) {
    await overSocket(bytes);
    overSockets++;
    maxRssBytes = Math.max(maxRssBytes, process.memoryUsage.rss());
  }
}

const isAlive = (await new SocketPublisher(port).publish('good')) === 'NetStream.Publish.Start';
const { refused, peakHeldBytes } = server.stats();
await server.stop();

const report = {
  executions,
  overSockets,
  seconds: Math.round((performance.now() - startedMs) / 1000),
  seed: Number(values.seed),
  reachedPublishing: published,
  accessUnits: units,
  crashes: defects.length + serverErrors,
  hangs,
  slowestCpuMs: Math.round(slowestMs),
  maxMessageMemoryBytes: Math.max(buffers.peakLentBytes, peakHeldBytes),
  maxRssBytes,
  servesAfterwards: isAlive,
  refusedOverSockets: refused,
  firstDefects: defects.slice(0, 5),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = report.crashes > 0 || hangs > 0 || !isAlive ? 1 : 0;

function note(where: string, error: unknown): void {
  defects.push(`${where}: ${error instanceof Error ? error.stack : String(error)}`);
}

/** Sends the bytes in a few writes and waits until one side has closed. */
async function overSocket(bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('error', () => {}); // a reset is an answer
  socket.resume();
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * 4000);
    socket.write(bytes.subarray(at, at + size));
    at += size;
  }
  socket.end();
  await closed;
}

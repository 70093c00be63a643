/**
 * Records what a real encoder sends: `node test/vectors/rtmp/record.ts FILE`, then publish to the printed address, any key.
 * The recording ends with the connection, or after 60,000 bytes. All that the publisher said is in FILE, handshake included.
 */
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import pino from 'pino';
import { systemClock } from '../../../src/base/clock.ts';
import { defaultRtmpLimits } from '../../../src/ingest/rtmp/limits.ts';
import { RtmpServer } from '../../../src/ingest/rtmp/server.ts';
import { RecordedPublications } from '../../ingest/rtmp/recorded-publication.ts';

const maxBytes = 60_000;
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('node test/vectors/rtmp/record.ts FILE');

const publications = new RecordedPublications();
const server = new RtmpServer(
  { listen: { host: '127.0.0.1', port: 0 }, limits: defaultRtmpLimits },
  {
    clock: systemClock,
    log: pino({ level: 'silent' }),
    authorizePublish: async () => ({ allowed: true, grant: { channel: 'recording' } }),
    openPublication: publications.open,
  },
);
await server.start(new AbortController().signal);

const tap = createServer((encoder) => {
  const inner = connect(server.addresses[0]!.port, '127.0.0.1');
  const pieces: Buffer[] = [];
  encoder.on('data', (bytes: Buffer) => {
    pieces.push(bytes);
    if (Buffer.concat(pieces).length > maxBytes) encoder.destroy();
  });
  encoder.pipe(inner).pipe(encoder);
  encoder.on('error', () => encoder.destroy());
  inner.on('error', () => inner.destroy());
  encoder.on('close', () => {
    writeFileSync(file, Buffer.concat(pieces).subarray(0, maxBytes));
    tap.close();
    void server.stop();
  });
});
tap.listen(0, '127.0.0.1', () => {
  process.stdout.write(`rtmp://127.0.0.1:${(tap.address() as AddressInfo).port}/live\n`);
});

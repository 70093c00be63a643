import type { Readable } from 'node:stream';
import { maxBodyBytes } from '../cmcd/report.ts';

/** Reads a whole body of a report; undefined when it is too long, which is known before it is there. A body that breaks off is never told. */
export function collectReport(source: Readable, done: (body: Uint8Array | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  source.on('data', (chunk: Buffer) => {
    if (size > maxBodyBytes) return;
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
    else done(undefined);
  });
  source.on('end', () => {
    if (size <= maxBodyBytes) done(Buffer.concat(chunks));
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { AuthorizePublish } from '../../../src/ingest/publish-gate.ts';
import { defaultRtmpLimits } from '../../../src/ingest/rtmp/limits.ts';
import { RtmpSession } from '../../../src/ingest/rtmp/session.ts';
import type { SessionDeps, SessionObserver, SessionWire } from '../../../src/ingest/rtmp/session-deps.ts';
import type { AccessUnit } from '../../../src/media/track.ts';
import type { MessageBuffers } from '../../../src/rtmp/message-buffers.ts';
import type { Publication, PublicationEnd } from '../../../src/stream/publication.ts';

/** A generator of pseudo-random numbers in [0, 1) that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function recordedSessions(): Buffer[] {
  const folder = join(import.meta.dirname, '../../vectors/rtmp');
  const files = readdirSync(folder).filter((name) => name.endsWith('.bin'));
  return files.sort().map((name) => readFileSync(join(folder, name)));
}

const handshakeBytes = 1 + 2 * 1536;
const interestingBytes = [0x00, 0x01, 0x02, 0x7f, 0x80, 0xc0, 0xfe, 0xff];

/** A recording with a few things wrong: bytes changed, cut out, doubled, put in from elsewhere; now and then cut short. */
export function mutate(recordings: readonly Buffer[], random: () => number): Buffer {
  const pick = (below: number): number => Math.floor(random() * below);
  let bytes = Buffer.from(recordings[pick(recordings.length)]!);
  const changes = 1 + pick(6);
  for (let i = 0; i < changes && bytes.length > handshakeBytes; i++) {
    // The handshake is mostly noise, and the first kilobytes after it are the commands.
    const reach = random() < 0.2 ? 1500 : bytes.length - handshakeBytes;
    const from = random() < 0.02 ? 0 : handshakeBytes;
    const at = Math.min(bytes.length - 1, from + pick(reach));
    const length = 1 + pick(random() < 0.8 ? 8 : 400);
    switch (pick(6)) {
      case 0:
        bytes[at] = pick(256);
        break;
      case 1:
        bytes[at] = interestingBytes[pick(interestingBytes.length)]!;
        break;
      case 2:
        bytes[at]! ^= 1 << pick(8);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
        break;
      default: {
        const other = recordings[pick(recordings.length)]!;
        const start = handshakeBytes + pick(other.length - handshakeBytes);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(start, start + length), bytes.subarray(at)]);
      }
    }
  }
  return random() < 0.1 ? bytes.subarray(0, pick(bytes.length)) : bytes;
}

/** Holds an ingest session to the promises it makes to the stream. */
class StrictPublication implements Publication {
  units = 0;
  ended: PublicationEnd | 'failed' | undefined;
  private readonly configured = new Set<string>();

  videoConfig(): void {
    this.assertOpen();
    this.configured.add('video');
  }

  audioConfig(): void {
    this.assertOpen();
    this.configured.add('audio');
  }

  accessUnit({ kind, dtsMs, compositionOffsetMs, data }: AccessUnit): void {
    this.assertOpen();
    this.units++;
    if (!this.configured.has(kind)) throw new Error(`${kind} before its configuration`);
    if (!Number.isSafeInteger(dtsMs) || !Number.isSafeInteger(compositionOffsetMs)) throw new Error(`time ${dtsMs}`);
    if (data.length === 0) throw new Error('an empty access unit');
    if (kind === 'video') assertNalUnits(data);
  }

  end(how: PublicationEnd): void {
    this.assertOpen();
    this.ended = how;
  }

  fail(): void {
    this.assertOpen();
    this.ended = 'failed';
  }

  private assertOpen(): void {
    if (this.ended !== undefined) throw new Error(`a call after the end (${this.ended})`);
  }
}

function assertNalUnits(data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  while (at + 4 <= data.length) at += 4 + view.getUint32(at);
  if (at !== data.length) throw new Error('NAL unit lengths do not fill the access unit');
}

export interface MutationOutcome {
  /** What must never happen; undefined when all is well. */
  readonly defect: unknown;
  readonly units: number;
  readonly reachedPublishing: boolean;
}

const allow: AuthorizePublish = async () => ({ allowed: true, grant: { channel: 'fuzz' } });

/** Plays bytes to a fresh session in reads of random sizes, closes it, and checks that nothing was broken or kept. */
export async function runMutated(
  bytes: Buffer,
  buffers: MessageBuffers,
  random: () => number,
): Promise<MutationOutcome> {
  const publications: StrictPublication[] = [];
  let defect: unknown;
  let isPaused = false;
  let isDestroyed = false;
  const observer: SessionObserver = {
    published: () => {},
    unpublished: () => {},
    refused: () => {},
    broke: (_session, error) => {
      defect = error;
    },
  };
  const wire: SessionWire = {
    send: () => {},
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
    close: () => {},
    destroy: () => {
      isDestroyed = true;
    },
  };
  const deps: SessionDeps = {
    clock: systemClock,
    random: (sizeBytes) => new Uint8Array(sizeBytes),
    buffers,
    limits: defaultRtmpLimits,
    authorizePublish: allow,
    openPublication: () => {
      const publication = new StrictPublication();
      publications.push(publication);
      return publication;
    },
    admit: () => undefined,
    rejectionDelayMs: () => 0,
    observer,
  };
  const session = new RtmpSession(deps, { id: 'fuzz', remoteAddress: '192.0.2.1', isTls: false }, wire);
  try {
    const largestRead = random() < 0.3 ? 200 : 65_536;
    for (let at = 0; at < bytes.length && !isDestroyed; ) {
      const size = 1 + Math.floor(random() * largestRead);
      session.receive(Uint8Array.from(bytes.subarray(at, at + size)));
      at += size;
      while (isPaused && !isDestroyed) await Promise.resolve();
    }
    session.sweep(systemClock.monotonicMs());
    session.closed();
  } catch (error) {
    defect = error;
  }
  if (buffers.lentBytes !== 0) defect ??= new Error(`${buffers.lentBytes} bytes were not given back`);
  if (publications.some(({ ended }) => ended === undefined)) defect ??= new Error('a publication was never ended');
  const units = publications.reduce((sum, publication) => sum + publication.units, 0);
  return { defect, units, reachedPublishing: publications.length > 0 };
}

import { StreamctlError } from '../base/errors.ts';
import { type DigestSchema, embedDigest, embedReply, findDigest, isReplyValid } from './handshake-digest.ts';

/** Bytes of C1, C2, S1 and S2 (RTMP 1.0 §5.2). */
export const handshakeBlockBytes = 1536;
const rtmpVersion = 3;

/** Random bytes of the asked size, of which the caller is free to write over. */
export type RandomBytes = (sizeBytes: number) => Uint8Array;

export interface HandshakeStep {
  /** How many of the pushed bytes belonged to the handshake. */
  readonly usedBytes: number;
  /** To be sent now. */
  readonly reply?: Uint8Array;
}

/** Gathers a fixed number of bytes over several reads. Takes no memory before the first byte. */
class Gatherer {
  private readonly sizeBytes: number;
  private buffer: Uint8Array | undefined;
  private filledBytes = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  get isFull(): boolean {
    return this.filledBytes === this.sizeBytes;
  }

  get bytes(): Uint8Array {
    return this.buffer ?? new Uint8Array(0);
  }

  push(input: Uint8Array): number {
    const taken = Math.min(input.length, this.sizeBytes - this.filledBytes);
    if (taken === 0) return 0;
    this.buffer ??= new Uint8Array(this.sizeBytes);
    this.buffer.set(input.subarray(0, taken), this.filledBytes);
    this.filledBytes += taken;
    return taken;
  }
}

/**
 * The server's side of the handshake: simple when the client names no version, with digests when its digest is right under
 * one of the two schemas, else simple again. What the client says in C2 is not looked at: nothing depends on it.
 */
export class ServerHandshake {
  private readonly random: RandomBytes;
  private readonly hello = new Gatherer(1 + handshakeBlockBytes);
  private readonly answer = new Gatherer(handshakeBlockBytes);
  private isAnswered = false;

  constructor(random: RandomBytes) {
    this.random = random;
  }

  get isComplete(): boolean {
    return this.answer.isFull;
  }

  /** Throws RTMP_HANDSHAKE_INVALID at the first byte that shows another protocol. */
  push(input: Uint8Array): HandshakeStep {
    let usedBytes = this.hello.push(input);
    checkVersion(this.hello.bytes);
    if (!this.hello.isFull) return { usedBytes };
    const reply = this.isAnswered ? undefined : answerHello(this.hello.bytes.subarray(1), this.random);
    this.isAnswered = true;
    usedBytes += this.answer.push(input.subarray(usedBytes));
    return reply === undefined ? { usedBytes } : { usedBytes, reply };
  }
}

/** C0 and C1, then C2. */
export class ClientHandshake {
  /** C0 and C1: to be sent first. */
  readonly hello: Uint8Array;
  private readonly random: RandomBytes;
  private readonly ownDigest: Uint8Array | undefined;
  private readonly answer = new Gatherer(1 + 2 * handshakeBlockBytes);

  /** Without a schema the handshake is the simple one of the specification. */
  constructor(random: RandomBytes, schema?: DigestSchema) {
    this.random = random;
    this.hello = new Uint8Array(1 + handshakeBlockBytes);
    this.hello[0] = rtmpVersion;
    const block = this.hello.subarray(1);
    block.set(random(handshakeBlockBytes - 8), 8);
    if (schema === undefined) return;
    block.set([9, 0, 124, 2], 4); // a Flash player's version, as ffmpeg says it
    this.ownDigest = embedDigest(block, schema, 'client');
  }

  get isComplete(): boolean {
    return this.answer.isFull;
  }

  /** Did the server prove that it saw our digest? Known when complete. */
  get isDigestConfirmed(): boolean {
    const { ownDigest } = this;
    if (ownDigest === undefined || !this.isComplete) return false;
    return isReplyValid(this.answer.bytes.subarray(1 + handshakeBlockBytes), ownDigest, 'server');
  }

  /** The reply is C2, once S0, S1 and S2 are there. Throws RTMP_HANDSHAKE_INVALID. */
  push(input: Uint8Array): HandshakeStep {
    const usedBytes = this.answer.push(input);
    checkVersion(this.answer.bytes);
    if (!this.answer.isFull || usedBytes === 0) return { usedBytes };
    const serverBlock = this.answer.bytes.subarray(1, 1 + handshakeBlockBytes);
    const found = this.ownDigest === undefined ? undefined : findDigest(serverBlock, 'server');
    if (found === undefined) return { usedBytes, reply: Uint8Array.from(serverBlock) };
    const reply = Uint8Array.from(this.random(handshakeBlockBytes));
    embedReply(reply, found.digest, 'client');
    return { usedBytes, reply };
  }
}

function checkVersion(bytes: Uint8Array): void {
  if (bytes.length > 0 && bytes[0] !== rtmpVersion) {
    throw new StreamctlError('RTMP_HANDSHAKE_INVALID', {
      reason: `it begins with byte ${bytes[0]}, not ${rtmpVersion}`,
    });
  }
}

/** S0, S1 and S2 for a C1. */
function answerHello(clientBlock: Uint8Array, random: RandomBytes): Uint8Array {
  const answer = new Uint8Array(1 + 2 * handshakeBlockBytes);
  answer[0] = rtmpVersion;
  const block = answer.subarray(1, 1 + handshakeBlockBytes);
  const reply = answer.subarray(1 + handshakeBlockBytes);
  block.set(random(handshakeBlockBytes - 8), 8);
  const hasVersion = (clientBlock[4]! | clientBlock[5]! | clientBlock[6]! | clientBlock[7]!) !== 0;
  const found = hasVersion ? findDigest(clientBlock, 'client') : undefined;
  if (found === undefined) {
    reply.set(clientBlock);
    return answer;
  }
  block.set([4, 5, 0, 1], 4); // any version other than 0 says that a digest is there
  embedDigest(block, found.schema, 'server');
  reply.set(random(handshakeBlockBytes - 32));
  embedReply(reply, found.digest, 'server');
  return answer;
}

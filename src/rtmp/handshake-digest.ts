import { createHmac, timingSafeEqual } from 'node:crypto';

/*
 * The digest handshake of Flash Media Server 3, which no specification describes: a block of 1536 bytes carries, at a place
 * that four of its bytes give, the HMAC-SHA-256 of all its other bytes. Schema 0 looks at bytes 8…11, schema 1 at 772…775.
 */

const publicKeyTail = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const playerName = Buffer.from('Genuine Adobe Flash Player 001');
const serverName = Buffer.from('Genuine Adobe Flash Media Server 001');

/** Keys everybody knows: they prove a protocol version, not an identity. */
const digestKeys = {
  client: { block: playerName, reply: Buffer.concat([playerName, publicKeyTail]) },
  server: { block: serverName, reply: Buffer.concat([serverName, publicKeyTail]) },
} as const;

export type DigestSide = keyof typeof digestKeys;
export type DigestSchema = 0 | 1;

const digestBytes = 32;

/** Where the digest of a C1 or S1 block lies under `schema`. */
export function digestOffset(block: Uint8Array, schema: DigestSchema): number {
  const base = schema === 0 ? 8 : 772;
  return ((block[base]! + block[base + 1]! + block[base + 2]! + block[base + 3]!) % 728) + base + 4;
}

/** The digest in a block of `side`, with the schema it was found under; undefined when there is none. */
export function findDigest(
  block: Uint8Array,
  side: DigestSide,
): { readonly schema: DigestSchema; readonly digest: Uint8Array } | undefined {
  for (const schema of [0, 1] as const) {
    const offset = digestOffset(block, schema);
    const found = block.subarray(offset, offset + digestBytes);
    if (timingSafeEqual(found, computeDigest(block, offset, side))) return { schema, digest: Uint8Array.from(found) };
  }
  return undefined;
}

/** Writes the digest of `side` into a C1 or S1 block, and returns it. */
export function embedDigest(block: Uint8Array, schema: DigestSchema, side: DigestSide): Uint8Array {
  const offset = digestOffset(block, schema);
  const digest = computeDigest(block, offset, side);
  block.set(digest, offset);
  return digest;
}

/** Writes, at the end of a C2 or S2 block, the proof of `side` that it has seen the peer's digest. */
export function embedReply(block: Uint8Array, peerDigest: Uint8Array, side: DigestSide): void {
  block.set(replyDigest(block, peerDigest, side), block.length - digestBytes);
}

export function isReplyValid(block: Uint8Array, peerDigest: Uint8Array, side: DigestSide): boolean {
  return timingSafeEqual(block.subarray(block.length - digestBytes), replyDigest(block, peerDigest, side));
}

function replyDigest(block: Uint8Array, peerDigest: Uint8Array, side: DigestSide): Uint8Array {
  const key = createHmac('sha256', digestKeys[side].reply).update(peerDigest).digest();
  return createHmac('sha256', key)
    .update(block.subarray(0, block.length - digestBytes))
    .digest();
}

function computeDigest(block: Uint8Array, offset: number, side: DigestSide): Uint8Array {
  return createHmac('sha256', digestKeys[side].block)
    .update(block.subarray(0, offset))
    .update(block.subarray(offset + digestBytes))
    .digest();
}

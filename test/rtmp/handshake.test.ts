import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ClientHandshake, handshakeBlockBytes, ServerHandshake } from '../../src/rtmp/handshake.ts';
import { digestOffset, embedDigest, findDigest } from '../../src/rtmp/handshake-digest.ts';

/** Lets both sides talk until nobody has anything to say; every write arrives in pieces of `pieceBytes`. */
function shakeHands(client: ClientHandshake, server: ServerHandshake, pieceBytes: number): void {
  let toServer: Uint8Array = client.hello;
  while (toServer.length > 0) {
    const toClient = pushInPieces(server, toServer, pieceBytes);
    toServer = pushInPieces(client, toClient, pieceBytes);
  }
}

function pushInPieces(side: ClientHandshake | ServerHandshake, bytes: Uint8Array, pieceBytes: number): Uint8Array {
  const replies: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    const step = side.push(piece);
    expect(step.usedBytes).toBe(piece.length);
    if (step.reply !== undefined) replies.push(step.reply);
  }
  return Buffer.concat(replies);
}

for (const [name, schema] of [
  ['simple', undefined],
  ['digest schema 0', 0],
  ['digest schema 1', 1],
] as const) {
  for (const pieceBytes of [1, 1000, 10_000]) {
    test(`both sides complete the ${name} handshake in pieces of ${pieceBytes} bytes`, () => {
      const client = new ClientHandshake(randomBytes, schema);
      const server = new ServerHandshake(randomBytes);
      shakeHands(client, server, pieceBytes);
      expect(client.isComplete).toBe(true);
      expect(server.isComplete).toBe(true);
      expect(client.isDigestConfirmed).toBe(schema !== undefined);
    });
  }
}

test('a client that names a version but has no digest is answered simply, with an echo of C1', () => {
  const hello = Buffer.alloc(1 + handshakeBlockBytes, 7);
  hello[0] = 3;
  const { reply } = new ServerHandshake(randomBytes).push(hello);
  expect(Buffer.from(reply!.subarray(1 + handshakeBlockBytes)).equals(hello.subarray(1))).toBe(true);
  expect([...reply!.subarray(5, 9)]).toEqual([0, 0, 0, 0]);
});

test('bytes after C2 are left to whoever reads chunks', () => {
  const client = new ClientHandshake(randomBytes);
  const server = new ServerHandshake(randomBytes);
  const { reply } = server.push(client.hello);
  const c2 = client.push(reply!).reply!;
  expect(server.push(Buffer.concat([c2, Buffer.from([2, 0, 0])])).usedBytes).toBe(handshakeBlockBytes);
});

test('another protocol is recognised by its first byte', () => {
  const request = Buffer.from('GET / HTTP/1.1\r\n');
  expect(() => new ServerHandshake(randomBytes).push(request)).toThrow(/it begins with byte 71/);
  expect(() => new ClientHandshake(randomBytes).push(request)).toThrow(/it begins with byte 71/);
});

test('a digest that was tampered with is not taken for one', () => {
  const client = new ClientHandshake(randomBytes, 0);
  const server = new ServerHandshake(randomBytes);
  const { reply } = server.push(client.hello);
  const forged = Uint8Array.from(reply!);
  forged[forged.length - 1]! ^= 1;
  client.push(forged);
  expect(client.isDigestConfirmed).toBe(false);
});

test('the digest covers the whole block but itself', () => {
  const block = Buffer.alloc(handshakeBlockBytes);
  // Computed with OpenSSL: HMAC-SHA-256 of 1504 zero bytes under "Genuine Adobe Flash Player 001".
  const expected = '48568ca3c957d19edd1d11d5a3dc2205f432d23464a3dcb849a22c91822a65d0';
  expect(Buffer.from(embedDigest(block, 0, 'client')).toString('hex')).toBe(expected);
});

test('the digest of a real ffmpeg is found under schema 0', () => {
  const recording = readFileSync(join(import.meta.dirname, '../vectors/rtmp/ffmpeg-5.1.bin'));
  expect(recording.subarray(5, 9).toString('hex')).toBe('09007c02');
  expect(findDigest(recording.subarray(1, 1 + handshakeBlockBytes), 'client')?.schema).toBe(0);
});

test('a digest lies at the place that four bytes give, modulo 728', () => {
  const block = Buffer.alloc(handshakeBlockBytes);
  block.set([255, 255, 217, 0], 8);
  block.set([255, 255, 218, 1], 772);
  expect(digestOffset(block, 0)).toBe(727 + 12);
  expect(digestOffset(block, 1)).toBe(1 + 776);
});

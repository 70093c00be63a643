import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** AES-256-GCM (NIST SP 800-38D): 12 bytes of nonce, 16 of tag. */
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

export interface SealedUnder {
  /** Bound to the answer: it opens in no other row. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const keptHeaders = ['content-type', 'etag', 'location'];

/** An answer as text that tells nothing without the key. Reads the answer's body. */
export async function sealAnswer(response: Response, { id, key }: SealedUnder): Promise<string> {
  const headers = Object.fromEntries(
    keptHeaders.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const answer: Answer = { status: response.status, headers, body: await response.text() };
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(id));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The answer again, marked as a repetition. Throws when it was sealed under something else, or changed. */
export function openAnswer(text: string, { id, key }: SealedUnder): Response {
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  const opened = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
  const { status, headers, body } = JSON.parse(opened.toString('utf8')) as Answer;
  return new Response(body, { status, headers: { ...headers, 'idempotency-replayed': 'true' } });
}

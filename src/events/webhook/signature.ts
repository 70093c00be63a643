import { createHmac } from 'node:crypto';

/*
 * Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): the receiver makes the
 * same HMAC of `id.timestamp.body` and compares.
 */

/** What a request is signed with: of a secret that begins with `whsec_` the bytes that the rest spells in base64, of any other its own. */
export function signingKey(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}

export interface SignedMessage {
  /** The same for every attempt. */
  readonly id: string;
  /** Of the attempt. */
  readonly timeMs: number;
  readonly body: string;
}

/** Headers of the message; the signature is among them where there is a key. */
export function webhookHeaders({ id, timeMs, body }: SignedMessage, key: Buffer | undefined): Record<string, string> {
  const timestamp = String(Math.floor(timeMs / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (key === undefined) return headers;
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${mac}` };
}

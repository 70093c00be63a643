import { createHash } from 'node:crypto';
import { StreamctlError } from '../base/errors.ts';

/** A strong entity tag (RFC 9110 §8.8.3) of what is answered. */
export function etagOf(view: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 22)}"`;
}

/** Throws API_PRECONDITION_FAILED when If-Match is given and names another state (RFC 9110 §13.1.1). */
export function requireMatch(ifMatch: string | undefined, etag: string): void {
  if (ifMatch === undefined) return;
  const tags = listOf(ifMatch);
  if (!tags.includes('*') && !tags.includes(etag)) throw new StreamctlError('API_PRECONDITION_FAILED', {});
}

/** Whether the caller has this state already (RFC 9110 §13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return listOf(ifNoneMatch ?? '').some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}

function listOf(value: string): string[] {
  return value.split(',').map((tag) => tag.trim());
}

import { StreamctlError } from '../base/errors.ts';

/** Where a page of streams ended. */
export interface StreamPosition {
  readonly createdAtMs: number;
  readonly id: string;
}

export function encodeCursor({ createdAtMs, id }: StreamPosition): string {
  return Buffer.from(`${createdAtMs}.${id}`).toString('base64url');
}

/** Throws STORE_CURSOR_INVALID for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): StreamPosition {
  const [, createdAt, id] = /^(\d{1,16})\.(.{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (createdAt === undefined || id === undefined) throw new StreamctlError('STORE_CURSOR_INVALID', {});
  return { createdAtMs: Number(createdAt), id };
}

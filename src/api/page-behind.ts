import { StreamctlError } from '../base/errors.ts';

/** What a list is ordered by, oldest first. */
interface Dated {
  readonly id: string;
  readonly createdAtMs: number;
}

/** A page of a list that is held whole, oldest first: `limit` rows behind the one that `cursor` names. Throws STORE_CURSOR_INVALID. */
export function pageBehind<Row extends Dated>(
  rows: readonly Row[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { readonly items: readonly Row[]; readonly nextCursor: string | null } {
  const from = cursor === undefined ? undefined : readCursor(cursor);
  const behind = from === undefined ? rows : rows.filter((row) => isBehind(row, from));
  const items = behind.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: behind.length > limit && last !== undefined ? writeCursor(last) : null };
}

function isBehind({ id, createdAtMs }: Dated, from: Dated): boolean {
  return createdAtMs > from.createdAtMs || (createdAtMs === from.createdAtMs && id > from.id);
}

function writeCursor({ id, createdAtMs }: Dated): string {
  return `${createdAtMs}.${id}`;
}

function readCursor(cursor: string): Dated {
  const [, createdAtMs, id] = /^(\d{1,15})\.([a-z2-7]{10})$/.exec(cursor) ?? [];
  if (id === undefined) throw new StreamctlError('STORE_CURSOR_INVALID', {});
  return { id, createdAtMs: Number(createdAtMs) };
}

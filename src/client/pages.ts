import { maxPageItems } from '../contract/page.ts';

export interface Page<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
}

export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Turns pages until `limit` items are there; all of them without one. */
export async function turnPages<Item>(
  page: (query: PageQuery) => Promise<Page<Item>>,
  { limit = Number.POSITIVE_INFINITY, cursor }: PageQuery,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let next: string | null = cursor ?? null;
  do {
    const wanted = Math.min(maxPageItems, limit - items.length);
    const got: Page<Item> = await page({ limit: wanted, cursor: next ?? undefined });
    items.push(...got.items);
    next = got.next_cursor;
  } while (next !== null && items.length < limit);
  return { items, next_cursor: next };
}

import type { Page } from '../client/pages.ts';

/** A list for people; where it was cut, with what shows the rest. */
export function pageText<Item>(
  { items, next_cursor: next }: Page<Item>,
  toText: (items: readonly Item[]) => string,
): string {
  return next === null ? toText(items) : `${toText(items)}\n\nMore: --cursor ${next}`;
}

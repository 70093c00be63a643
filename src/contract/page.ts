import * as z from 'zod';

/** How many items a page may have, and has when nothing is said. */
export const maxPageItems = 1000;
const usualPageItems = 100;

/** One page of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next_cursor: z
      .string()
      .nullable()
      .meta({ description: 'Give it as `cursor` for the next page; null on the last.' }),
  });

/** The query of every list: how many, and behind which item. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxPageItems)
    .prefault(usualPageItems)
    .meta({ description: 'How many items at most.', example: usualPageItems }),
  cursor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: '`next_cursor` of the page before; left out for the first page.' }),
});

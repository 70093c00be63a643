import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, EventListFilter } from '../client/api-client.ts';
import type { EventView } from '../contract/events.ts';

const pollMs = 1000;
const pageItems = 100;

/** Events as they are written, behind `filter.after`, until the signal aborts. */
export async function* followEvents(
  client: Pick<ApiClient, 'listEvents'>,
  filter: EventListFilter,
  signal: AbortSignal,
): AsyncGenerator<EventView> {
  let { after } = filter;
  while (!signal.aborted) {
    const { items } = await client.listEvents({ ...filter, after, limit: pageItems });
    yield* items;
    after = items.at(-1)?.id ?? after;
    if (items.length < pageItems) await delay(pollMs, undefined, { signal }).catch(() => {});
  }
}

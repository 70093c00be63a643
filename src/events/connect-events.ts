import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import { authorizePattern } from '../config/webhook.ts';
import type { Log } from '../observability/log.ts';
import type { Store } from '../store/ports/store.ts';
import { announcingStore } from './announcing-store.ts';
import { PublishAuthorizer, type PublishQuestion, type PublishRefusal } from './authorize/publish-authorizer.ts';
import { OutgoingEvents } from './outgoing-events.ts';
import { configuredReceivers } from './receivers.ts';

export interface Events {
  /** The store to write to from now on: its events are delivered at once. */
  readonly store: Store;
  readonly outgoing: OutgoingEvents;
  /** Why somebody with a good key may not begin all the same; undefined: it may. */
  refusalOf(question: PublishQuestion): Promise<PublishRefusal | undefined>;
  stop(): Promise<void>;
}

export interface EventsOptions {
  readonly config: Pick<Config, 'webhooks' | 'events' | 'dataDir'>;
  readonly store: Store;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Begins to tell those who are configured what happens, from where they stand, and asks who is to be asked about publishers. */
export async function connectEvents({ config, store, node, clock, log }: EventsOptions): Promise<Events> {
  const receivers = await configuredReceivers(config, clock);
  const outgoing = new OutgoingEvents({ receivers, store, holder: `${node}:${config.dataDir}`, clock, log });
  const asked = config.webhooks.find(({ events }) => events.includes(authorizePattern));
  const authorizer = asked && new PublishAuthorizer(asked, clock, log);
  outgoing.start();
  return {
    store: receivers.length === 0 ? store : announcingStore(store, outgoing.wake),
    outgoing,
    refusalOf: async (question) => await authorizer?.ask(question),
    stop: async () => {
      await Promise.all([outgoing.stop(), authorizer?.close()]);
    },
  };
}

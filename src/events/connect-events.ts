import type { PublishVerdict } from '../access/authorize-publish.ts';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import { authorizePattern } from '../config/webhook.ts';
import { eventTypeNames, matchesEventPattern } from '../contract/event-types.ts';
import type { Log } from '../observability/log.ts';
import type { Store } from '../store/ports/store.ts';
import { announcingStore } from './announcing-store.ts';
import { PublishAuthorizer, type PublishQuestion } from './authorize/publish-authorizer.ts';
import { EventRetention } from './event-retention.ts';
import { OutgoingEvents } from './outgoing-events.ts';
import { configuredReceivers } from './receivers.ts';

export interface Events {
  /** The store to write to from now on: its events are delivered at once. */
  readonly store: Store;
  readonly outgoing: OutgoingEvents;
  /** The verdict about a publisher, after who is configured to say so too was asked about one that is let in. */
  confirm(publisher: Publisher, verdict: PublishVerdict): Promise<PublishVerdict>;
  stop(): Promise<void>;
}

export type Publisher = Pick<PublishQuestion, 'app' | 'remoteAddress' | 'encoder'>;

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
  for (const pattern of unknownPatterns(config.webhooks)) {
    log.warn({ pattern }, 'a webhook wants events of a type that there is none of: docs/events.md has all');
  }
  await outgoing.start();
  const retention = new EventRetention({
    events: store.events,
    retentionMs: config.events.retentionMs,
    deliveredUpTo: outgoing.deliveredUpTo,
    clock,
    log,
  });
  retention.start();
  return {
    store: receivers.length === 0 ? store : announcingStore(store, outgoing.wake),
    outgoing,
    confirm: async ({ app, remoteAddress, encoder }, verdict) => {
      if (!verdict.allowed || authorizer === undefined) return verdict;
      const { channel, keyId } = verdict.grant;
      const error = await authorizer.ask({ channel, keyId, app, remoteAddress, encoder });
      return error === undefined ? verdict : { allowed: false, error };
    },
    stop: async () => {
      await Promise.all([outgoing.stop(), authorizer?.close(), retention.stop()]);
    },
  };
}

/** What may be a slip, or the type of a later version. */
function unknownPatterns(webhooks: Config['webhooks']): string[] {
  const patterns = webhooks.flatMap(({ events }) => events).filter((pattern) => pattern !== authorizePattern);
  return patterns.filter((pattern) => !eventTypeNames.some((name) => matchesEventPattern(pattern, name)));
}

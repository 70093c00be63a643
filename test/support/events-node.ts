import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { announcingStore } from '../../src/events/announcing-store.ts';
import { OutgoingEvents } from '../../src/events/outgoing-events.ts';
import { openStore } from '../../src/store/open.ts';
import type { ScriptedReceiver } from './event-receiver.ts';
import { someEvent } from './rows.ts';

const log = { info: () => {}, warn: () => {} };

/** A node that delivers the events of the store at `url` to `receivers`, until the test is over. */
export async function startEventsNode(url: string, holder: string, receivers: readonly ScriptedReceiver[]) {
  const opened = await openStore({ url });
  const outgoing = new OutgoingEvents({ receivers, store: opened, holder, clock: systemClock, log });
  const store = announcingStore(opened, outgoing.wake);
  await outgoing.start();
  onTestFinished(async () => {
    await outgoing.stop();
    await opened.close();
  });
  /** So many events are written; gives their ids. */
  const write = async (count: number) => {
    const ids: number[] = [];
    for (let i = 0; i < count; i++) ids.push((await store.events.append(someEvent({ type: 'key.created' }))).id);
    return ids;
  };
  return { store, outgoing, write };
}

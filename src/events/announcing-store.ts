import type { Store } from '../store/ports/store.ts';

/** What writes an event, by port. */
const writers = {
  keys: ['create', 'update'],
  streams: ['create', 'transition'],
  tokens: ['create', 'update'],
  events: ['append'],
} as const satisfies { [Port in keyof Store]?: readonly (keyof Store[Port])[] };

/** The same store, whose events are told of as soon as they are written: `onWritten` is called, and may look. */
export function announcingStore(store: Store, onWritten: () => void): Store {
  return Object.assign(Object.create(store) as Store, {
    keys: announcing(store.keys, writers.keys, onWritten),
    streams: announcing(store.streams, writers.streams, onWritten),
    tokens: announcing(store.tokens, writers.tokens, onWritten),
    events: announcing(store.events, writers.events, onWritten),
  });
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

function announcing<Port extends object>(port: Port, names: readonly (keyof Port)[], onWritten: () => void): Port {
  const replaced = names.map((name): [keyof Port, Method] => [
    name,
    async (...args) => {
      const result = await (port[name] as Method).apply(port, [...args]);
      onWritten();
      return result;
    },
  ]);
  return Object.assign(Object.create(port) as Port, Object.fromEntries(replaced));
}

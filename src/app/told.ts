import type { SocketFigures } from '../live/socket-counts.ts';
import type { LiveFacts } from '../pipeline/live-facts.ts';
import type { MediaFigures } from '../threads/media-side.ts';
import type { ThreadFigures } from '../threads/thread-monitor.ts';

/** What the threads told last, for everybody who looks. */
export interface Told {
  /** Of the running broadcasts. */
  facts: readonly LiveFacts[];
  media: MediaFigures | undefined;
  control: ThreadFigures | undefined;
  /** Of WebSockets, as soon as there can be any. */
  sockets: () => SocketFigures | undefined;
}

export function nothingTold(): Told {
  return { facts: [], media: undefined, control: undefined, sockets: () => undefined };
}

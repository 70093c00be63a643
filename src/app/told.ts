import type { LiveFacts } from '../pipeline/live-facts.ts';
import type { MediaFigures } from '../threads/media-side.ts';
import type { ThreadFigures } from '../threads/thread-monitor.ts';

/** What the threads told last, for everybody who looks. */
export interface Told {
  /** Of the running broadcasts. */
  facts: readonly LiveFacts[];
  media: MediaFigures | undefined;
  control: ThreadFigures | undefined;
}

export function nothingTold(): Told {
  return { facts: [], media: undefined, control: undefined };
}

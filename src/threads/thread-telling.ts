import type { ThreadTelling } from '../live/ports.ts';
import type { Engine } from './engine.ts';
import type { MediaFigures } from './media-side.ts';

/** What the threads told last, for who looks at broadcasts. */
export function threadTelling({ delivery }: Pick<Engine, 'delivery'>, media: MediaFigures | undefined): ThreadTelling {
  const { figures } = delivery;
  return {
    bytesIn: media?.bytesIn ?? 0,
    bytesOut: figures.reduce((sum, { answers }) => sum + answers.bytesOut, 0),
    ages: media?.ages ?? [],
    traffic: figures.map(({ traffic }) => traffic),
  };
}

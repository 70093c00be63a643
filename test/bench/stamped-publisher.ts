import { systemClock } from '../../src/base/clock.ts';
import { ClipPublisher } from '../../src/publisher/clip-publisher.ts';
import { loadClip } from '../../src/publisher/flv-clip.ts';
import { parsePublishUrl } from '../../src/publisher/publish-url.ts';
import { stampFrame } from './frame-stamp.ts';

/** Publishes a clip in a loop whose video frames are numbered, and when each was sent, by `performance.now()`, in their order. */
export async function stampedPublisher(clipFile: string, publishUrl: string) {
  const sentAtMs: number[] = [];
  const publisher = new ClipPublisher({
    clip: await loadClip(clipFile),
    url: parsePublishUrl(publishUrl),
    clock: systemClock,
    loop: true,
    rewrite: (tag) => {
      if (tag.type !== 'video' || !tag.isFrame) return tag.body;
      sentAtMs.push(performance.now());
      return stampFrame(tag.body, sentAtMs.length - 1);
    },
  });
  return { publisher, sentAtMs };
}

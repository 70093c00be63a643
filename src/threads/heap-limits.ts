import type { ResourceLimits } from 'node:worker_threads';
import type { ThreadName } from './worker-entry.ts';

/**
 * How much short-lived memory a thread may have between two collections, MiB. By default each thread takes 48 when it is busy, and keeps
 * it; what media and delivery throw away is small, because media itself lies in slabs.
 */
export const heapLimits: Readonly<Record<ThreadName, ResourceLimits>> = {
  store: { maxYoungGenerationSizeMb: 4 },
  media: { maxYoungGenerationSizeMb: 16 },
  delivery: { maxYoungGenerationSizeMb: 6 },
};

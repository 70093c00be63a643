import { ViewerEventReader } from '../../src/delivery/viewer-events/event-reader.ts';
import type { ViewerEventIntake } from '../../src/threads/delivery-thread.ts';

/** For tests that look at something else: takes viewer events and forgets them. */
export const unheardViewers: ViewerEventIntake = { newReader: () => new ViewerEventReader(1), take: () => {} };

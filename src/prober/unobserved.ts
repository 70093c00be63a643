import type { ViewerEventReader, ViewerEventSink } from '../delivery/viewer-events/event-reader.ts';

interface Intake {
  newReader(): ViewerEventReader;
  readonly take: ViewerEventSink;
}

/** The same intake, which does not hear of what this User-Agent asked for. */
export function unobserved(intake: Intake, userAgent: string): Intake {
  return {
    newReader: () => intake.newReader(),
    take: (event) => {
      if (event.viewer?.userAgent !== userAgent) intake.take(event);
    },
  };
}

import { assertNever, type StreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { PublisherConnection } from '../stream/publication.ts';
import type { StreamChange } from '../stream/stream-change.ts';
import type { PublisherFault, PublisherRecord, SourceTrack, StreamRecorder } from './stream-records.ts';

/** Writes a change of a stream down, and says so in the log. */
export function reportChange(
  stream: LiveStream,
  change: StreamChange,
  { records, log }: { readonly records: StreamRecorder; readonly log: Log },
): void {
  const { id, channel } = stream;
  const fields = { stream: id, channel };
  switch (change.type) {
    case 'started': {
      const publisher = publisherOf(stream, change.connection);
      records.started(id, publisher, tracksOf(stream));
      log.info({ ...fields, ...publisher }, 'stream started');
      return;
    }
    case 'resumed': {
      const publisher = publisherOf(stream, change.connection);
      records.resumed(id, publisher, tracksOf(stream));
      log.info({ ...fields, ...publisher }, 'stream resumed');
      return;
    }
    case 'replaced': {
      const publisher = publisherOf(stream, change.connection);
      records.replaced(id, publisher);
      log.warn({ ...fields, ...publisher }, 'a newer publisher took the stream over');
      return;
    }
    case 'refused': {
      const fault = faultOf(change.error);
      records.refused(id, fault);
      log.warn({ ...fields, ...fault }, 'publisher sent away, the stream waits for another');
      return;
    }
    case 'interrupted':
      records.interrupted(id, stream.interruptedSinceMs!, 'connection lost');
      log.warn(fields, 'publisher lost, waiting for its return');
      return;
    case 'ended': {
      const { state, reason, error } = change;
      const fault = error && faultOf(error);
      records.ended(id, state, reason, fault);
      log.info({ ...fields, state, reason, ...fault }, 'stream ended');
      return;
    }
    default:
      assertNever(change);
  }
}

function tracksOf({ publisher }: LiveStream): SourceTrack[] {
  return [publisher?.video, publisher?.audio].filter((config) => config !== undefined);
}

function publisherOf({ keyId }: LiveStream, { remoteAddress, encoder }: PublisherConnection): PublisherRecord {
  return { keyId, remoteAddress, encoder };
}

/** In the words the publisher was told. */
function faultOf(error: StreamctlError): PublisherFault {
  return { code: error.code, text: `${error.message} ${error.remedy}` };
}

import type { StreamRow } from '../store/ports/stream-store.ts';
import { afterLoss } from '../stream/continuity.ts';
import { continuityFromJson } from '../stream/continuity-json.ts';
import type { RestoredStream } from './media-pipeline.ts';
import type { StreamRecorder } from './stream-records.ts';

/** The broadcasts that an earlier process left ACTIVE, to be taken up; those that nobody has seen are ended instead. */
export function restorable(rows: readonly StreamRow[], records: Pick<StreamRecorder, 'ended'>): RestoredStream[] {
  return rows.flatMap((row) => {
    const { id, channel, state } = row;
    const continuity = continuityFromJson(row.continuity);
    if (state === 'ACTIVE' && continuity !== undefined) {
      return { id, channel, keyId: row.keyId ?? undefined, continuity: afterLoss(continuity) };
    }
    // Whoever publishes next begins anew.
    records.ended(id, 'ERROR', state === 'PENDING_INGEST' ? 'no_publisher' : 'publisher_lost');
    return [];
  });
}

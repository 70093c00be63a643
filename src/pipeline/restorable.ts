import type { StreamEndReason } from '../contract/stream-state.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import { afterLoss } from '../stream/continuity.ts';
import { continuityFromJson } from '../stream/continuity-json.ts';
import type { RestoredStream } from './media-pipeline.ts';
import type { StreamRecorder } from './stream-records.ts';

export interface RestoringOptions {
  readonly records: Pick<StreamRecorder, 'ended'>;
  /** Keys may have been revoked while no server ran. */
  readonly isRevoked: (keyId: string) => boolean;
  /** Whose broadcasts are taken up; undefined where nobody else writes to the store, whatever this machine was called before. */
  readonly node: string | undefined;
}

/**
 * The broadcasts of an earlier process, to be taken up: those that it left ACTIVE, and those that wait for their publisher. An ACTIVE
 * one that nobody has seen is ended instead: whoever publishes next begins anew.
 */
export function restorable(
  rows: readonly StreamRow[],
  { records, isRevoked, node }: RestoringOptions,
): RestoredStream[] {
  return rows.flatMap((row) => {
    if (node !== undefined && row.node !== node) return [];
    const { id, channel, state, createdAtMs } = row;
    const keyId = row.keyId ?? undefined;
    const continuity = continuityFromJson(row.continuity);
    const stream = { id, channel, keyId, createdAtMs, ...(continuity && { continuity: afterLoss(continuity) }) };
    const end = (reason: StreamEndReason) => {
      records.ended(id, 'ERROR', reason);
      return [];
    };
    if (keyId !== undefined && isRevoked(keyId)) return end('key_revoked');
    if (state === 'ACTIVE' && continuity === undefined) return end('publisher_lost');
    return stream;
  });
}

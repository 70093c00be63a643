import { StreamctlError } from '../base/errors.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import type { LiveControl } from './live-control.ts';

/** By id, or by channel: then the one that runs, else the channel's newest. Throws STREAM_UNKNOWN. */
export async function findStream(
  idOrChannel: string,
  { store, live }: { readonly store: Pick<Store, 'streams'>; readonly live: LiveControl },
): Promise<StreamRow> {
  const row = await store.streams.find(live.get(idOrChannel)?.streamId ?? idOrChannel);
  if (row === undefined) throw new StreamctlError('STREAM_UNKNOWN', { stream: idOrChannel.slice(0, 64) });
  return row;
}

import { ByteReader } from '../base/bytes.ts';
import type { RtmpMessage } from './message.ts';

/**
 * Calls back with each message inside an aggregate (RTMP 1.0 §7.1.6), whose first timestamp is that of the aggregate itself.
 * Each is an FLV tag with its back pointer; a last back pointer may be missing. Throws BYTES_SHORT when one is cut.
 */
export function readAggregate(aggregate: RtmpMessage, onMessage: (message: RtmpMessage) => void): void {
  const reader = new ByteReader(aggregate.payload);
  let offsetMs: number | undefined;
  while (reader.remaining > 0) {
    const typeId = reader.u8();
    const lengthBytes = reader.u24();
    const timestampMs = reader.u24() | (reader.u8() << 24);
    reader.skip(3); // the message stream is that of the aggregate
    offsetMs ??= aggregate.timestampMs - timestampMs;
    onMessage({
      typeId,
      streamId: aggregate.streamId,
      timestampMs: (timestampMs + offsetMs) >>> 0,
      payload: reader.slice(lengthBytes),
      arrivedAtMs: aggregate.arrivedAtMs,
    });
    reader.skip(Math.min(4, reader.remaining));
  }
}

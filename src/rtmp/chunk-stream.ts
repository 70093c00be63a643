/** What a chunk stream's headers leave out because it was said before, and the message being put together on it (RTMP 1.0 §5.3.1.2). */
export class ChunkStream {
  /** The one-byte type 3 header of this stream, or −1 when its number needs more bytes. */
  readonly continuationByte: number;
  timestampMs = 0;
  deltaMs = 0;
  /** The last extended timestamp field, or −1 when the last header had none. */
  extendedValue = -1;
  lengthBytes = 0;
  typeId = 0;
  streamId = 0;
  /** Payload that has arrived of the unfinished message; 0 between messages. */
  filledBytes = 0;
  /** When the first bytes of that message were read. */
  beganAtMs = 0;
  /** Borrowed, or empty. */
  buffer: Uint8Array = new Uint8Array(0);

  constructor(id: number) {
    this.continuationByte = id < 64 ? 0xc0 | id : -1;
  }
}

import type { ServerHttp2Stream } from 'node:http2';

/**
 * Ends a stream by RST_STREAM with INTERNAL_ERROR, so that neither cache nor player takes what it has for the whole (RFC 9113 §8.1).
 * Not by `close(code)`: that ends the writable side first, and when nothing is waiting to be written, END_STREAM leaves before the
 * reset. Its 'error' event has to be listened to.
 */
export function breakOff(stream: ServerHttp2Stream): void {
  stream.destroy(new Error('broken off'));
}

const maxJpegBytes = 1 << 20;

/** Cuts ffmpeg's `image2pipe` into its JPEG pictures, each from FFD8 to FFD9; there are no thumbnails inside ours. */
export class JpegSplitter {
  private readonly onJpeg: (jpeg: Uint8Array<ArrayBuffer>) => void;
  private chunks: Uint8Array[] = [];
  private sizeBytes = 0;
  private lastByte = 0;

  /** Pictures are copies of exactly their size. */
  constructor(onJpeg: (jpeg: Uint8Array<ArrayBuffer>) => void) {
    this.onJpeg = onJpeg;
  }

  push(bytes: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === 0xd9 && this.lastByte === 0xff) {
        this.keep(bytes.subarray(start, at + 1));
        this.finish();
        start = at + 1;
      }
      this.lastByte = byte;
    }
    if (start < bytes.length) this.keep(bytes.slice(start));
  }

  /** A picture that does not end is given up: whatever it is, it is not a thumbnail. */
  private keep(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.sizeBytes += bytes.length;
    if (this.sizeBytes > maxJpegBytes) this.drop();
  }

  private finish(): void {
    const jpeg = new Uint8Array(this.sizeBytes);
    let at = 0;
    for (const chunk of this.chunks) {
      jpeg.set(chunk, at);
      at += chunk.length;
    }
    this.drop();
    if (jpeg[0] === 0xff && jpeg[1] === 0xd8) this.onJpeg(jpeg);
  }

  private drop(): void {
    this.chunks = [];
    this.sizeBytes = 0;
  }
}

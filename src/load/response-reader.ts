const headEnd = '\r\n\r\n';
/** Nobody sends longer ones; a server that does is broken. */
const maxHeadBytes = 16 * 1024;

/**
 * Answers of one keep-alive connection, one after the other (RFC 9112): the status line and Content-Length are read, bodies are
 * counted, and kept only where wanted.
 */
export class ResponseReader {
  /** Of the answer under way, or of the last one; 0 before the first. */
  status = 0;
  isLast = false;
  private head: Buffer | undefined;
  private isInBody = false;
  private remainingBytes = 0;
  private pieces: Buffer[] = [];

  /** Whether nothing of the next answer has come yet. */
  get isFresh(): boolean {
    return !this.isInBody && this.head === undefined;
  }

  /** For another connection. */
  reset(): void {
    this.status = 0;
    this.head = undefined;
    this.isInBody = false;
    this.isLast = false;
    this.pieces = [];
  }

  /** The body of the answer that has just become whole, if it was to be kept. */
  takeBody(): Buffer {
    const body = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    this.pieces = [];
    return body;
  }

  /** `bytes` are the caller's and will be overwritten. What cannot be understood, or was not asked for, is `malformed`. */
  read(bytes: Buffer, keepsBody: boolean): 'more' | 'whole' | 'malformed' {
    let bodyAt = 0;
    if (!this.isInBody) {
      const whole = this.head === undefined ? bytes : Buffer.concat([this.head, bytes]);
      const end = whole.indexOf(headEnd, 0, 'latin1');
      if (end < 0) {
        this.head = Buffer.from(whole);
        return whole.length > maxHeadBytes ? 'malformed' : 'more';
      }
      if (!this.readHead(whole.toString('latin1', 0, end + 2))) return 'malformed';
      bodyAt = end + headEnd.length - (whole.length - bytes.length);
      this.head = undefined;
      this.isInBody = true;
    }
    const bodyBytes = bytes.length - bodyAt;
    if (bodyBytes > this.remainingBytes) return 'malformed';
    if (keepsBody && bodyBytes > 0) this.pieces.push(Buffer.from(bytes.subarray(bodyAt)));
    this.remainingBytes -= bodyBytes;
    if (this.remainingBytes > 0) return 'more';
    this.isInBody = false;
    return 'whole';
  }

  private readHead(head: string): boolean {
    if (!head.startsWith('HTTP/1.1 ')) return false;
    this.status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
    this.remainingBytes = Number(length ?? 0);
    this.isLast = /\r\nconnection: *close\r\n/i.test(head);
    return length !== undefined || this.status === 304 || this.status === 204;
  }
}

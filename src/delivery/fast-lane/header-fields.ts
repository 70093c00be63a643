import type { ForwardingHeaders } from '../../base/client-address.ts';
import { maxBodyBytes } from '../../cmcd/report.ts';
import { edgeHeader } from '../reply-headers.ts';

/** The headers of a request as far as playback looks at them. */
export interface RequestHeaders {
  /** As received, up to and with the empty line. */
  readonly block: Buffer;
  readonly isKeepAlive: boolean;
  readonly userAgent: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
  readonly edgeSecret: string | undefined;
  readonly forwarding: ForwardingHeaders | undefined;
  /** All CMCD headers, joined. */
  readonly cmcd: string | undefined;
  /** Of a body, which only a report has. */
  readonly bodyBytes: number;
}

/** Classes of bytes: what may stand in a header's name (RFC 9110 §5.6.2), in its value, in a target, in Host. */
const inName = 1;
const inValue = 2;
export const inTarget = 4;
const inHost = 8;
export const byteClass = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) {
  const character = String.fromCharCode(byte);
  let classes = inValue;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) classes |= inName;
  if (byte > 0x20 && character !== '#') classes |= inTarget;
  if (/[A-Za-z0-9.\-_:[\]]/.test(character)) classes |= inHost;
  byteClass[byte] = classes;
}
byteClass[0x09] = inValue;

const [cr, lf, colon, space, tab] = [13, 10, 58, 32, 9];

/** The lines between the request line and the body, which only a report may have. */
export class HeaderFields {
  at: number;
  private readonly bytes: Buffer;
  private isKeepAlive = true;
  private connection: string | undefined;
  private contentLength: string | undefined;
  private host: string | undefined;
  private userAgent: string | undefined;
  private range: string | undefined;
  private ifRange: string | undefined;
  private ifNoneMatch: string | undefined;
  private acceptEncoding: string | undefined;
  private edgeSecret: string | undefined;
  private forwardedFor: string | undefined;
  private forwarded: string | undefined;
  private cmcd: string | undefined;
  private isForeign = false;
  private readonly mayHaveBody: boolean;

  constructor(bytes: Buffer, at: number, mayHaveBody: boolean) {
    this.bytes = bytes;
    this.at = at;
    this.mayHaveBody = mayHaveBody;
  }

  /** `at` is then behind the empty line. */
  parse(): 'request' | 'incomplete' | 'foreign' {
    const { bytes } = this;
    for (;;) {
      if (bytes[this.at] === cr) {
        if (this.at + 1 === bytes.length) return 'incomplete';
        if (bytes[this.at + 1] !== lf || this.host === undefined) return 'foreign';
        if (this.mayHaveBody && this.contentLength === undefined) return 'foreign';
        this.at += 2;
        return 'request';
      }
      const found = this.parseField();
      if (found !== 'request') return found;
      if (this.isForeign) return 'foreign';
    }
  }

  headers(blockAt: number): RequestHeaders {
    const { isKeepAlive, userAgent = '', range, ifRange, ifNoneMatch, acceptEncoding, edgeSecret } = this;
    // A copy: the bytes around it, perhaps of many requests, need not stay.
    const block = Buffer.from(this.bytes.subarray(blockAt, this.at));
    const { forwardedFor, forwarded, cmcd, contentLength = '0' } = this;
    const isForwarded = forwardedFor !== undefined || forwarded !== undefined;
    const forwarding = isForwarded ? { 'x-forwarded-for': forwardedFor, forwarded } : undefined;
    const bodyBytes = Number(contentLength);
    return {
      ...{ block, isKeepAlive, userAgent, range, ifRange, ifNoneMatch, acceptEncoding, edgeSecret },
      ...{ forwarding, cmcd, bodyBytes },
    };
  }

  private parseField(): 'request' | 'incomplete' | 'foreign' {
    const { bytes, at: nameAt } = this;
    let at = nameAt;
    while (at < bytes.length && (byteClass[bytes[at]!]! & inName) !== 0) at++;
    if (at === bytes.length) return 'incomplete';
    if (bytes[at] !== colon || at === nameAt) return 'foreign';
    const nameEnd = at++;
    while (bytes[at] === space || bytes[at] === tab) at++;
    const valueAt = at;
    while (at < bytes.length && (byteClass[bytes[at]!]! & inValue) !== 0) at++;
    if (at + 1 >= bytes.length) return at === bytes.length || bytes[at] === cr ? 'incomplete' : 'foreign';
    if (bytes[at] !== cr || bytes[at + 1] !== lf) return 'foreign';
    let valueEnd = at;
    while (valueEnd > valueAt && (bytes[valueEnd - 1] === space || bytes[valueEnd - 1] === tab)) valueEnd--;
    this.at = at + 2;
    this.take(nameAt, nameEnd, valueAt, valueEnd);
    return 'request';
  }

  /** Looks at a field only if its name is as long as one that matters. */
  private take(nameAt: number, nameEnd: number, valueAt: number, valueEnd: number): void {
    const { bytes } = this;
    switch (nameEnd - nameAt) {
      case 4:
        if (isNamed(bytes, nameAt, 'host')) this.host = this.hostOf(valueAt, valueEnd);
        return;
      case 5:
        if (isNamed(bytes, nameAt, 'range')) this.range = this.only(this.range, valueAt, valueEnd);
        return;
      case 6:
        if (isNamed(bytes, nameAt, 'expect')) this.isForeign = true;
        return;
      case 7:
        if (isNamed(bytes, nameAt, 'upgrade') || isNamed(bytes, nameAt, 'trailer')) this.isForeign = true;
        return;
      case 8:
        if (isNamed(bytes, nameAt, 'if-range')) this.ifRange = this.only(this.ifRange, valueAt, valueEnd);
        return;
      case 9:
        if (isNamed(bytes, nameAt, 'forwarded')) this.forwarded = this.only(this.forwarded, valueAt, valueEnd);
        return;
      case 11:
        if (isNamed(bytes, nameAt, 'cmcd-object') || isNamed(bytes, nameAt, 'cmcd-status'))
          this.addCmcd(valueAt, valueEnd);
        return;
      case 12:
        if (isNamed(bytes, nameAt, 'cmcd-request') || isNamed(bytes, nameAt, 'cmcd-session'))
          this.addCmcd(valueAt, valueEnd);
        return;
      case 10:
        if (isNamed(bytes, nameAt, 'user-agent')) this.userAgent = this.only(this.userAgent, valueAt, valueEnd);
        else if (isNamed(bytes, nameAt, 'connection')) this.takeConnection(valueAt, valueEnd);
        return;
      case 13:
        if (isNamed(bytes, nameAt, 'if-none-match')) this.ifNoneMatch = this.only(this.ifNoneMatch, valueAt, valueEnd);
        return;
      case 14:
        if (isNamed(bytes, nameAt, 'content-length')) {
          this.contentLength = this.only(this.contentLength, valueAt, valueEnd);
          if (this.mayHaveBody ? !isBodyLength(this.contentLength) : this.contentLength !== '0') this.isForeign = true;
        } else if (isNamed(bytes, nameAt, edgeHeader)) {
          this.edgeSecret = this.only(this.edgeSecret, valueAt, valueEnd);
        }
        return;
      case 15:
        if (isNamed(bytes, nameAt, 'accept-encoding')) {
          this.acceptEncoding = this.only(this.acceptEncoding, valueAt, valueEnd);
        } else if (isNamed(bytes, nameAt, 'x-forwarded-for')) {
          this.forwardedFor = this.only(this.forwardedFor, valueAt, valueEnd);
        }
        return;
      case 16:
        if (isNamed(bytes, nameAt, 'proxy-connection')) this.isForeign = true;
        return;
      case 17:
        if (isNamed(bytes, nameAt, 'transfer-encoding')) this.isForeign = true;
        return;
    }
  }

  private addCmcd(valueAt: number, valueEnd: number): void {
    const value = this.bytes.toString('latin1', valueAt, valueEnd);
    this.cmcd = this.cmcd === undefined ? value : `${this.cmcd},${value}`;
  }

  private takeConnection(valueAt: number, valueEnd: number): void {
    this.connection = this.only(this.connection, valueAt, valueEnd);
    const option = this.connection.toLowerCase();
    if (option === 'close') this.isKeepAlive = false;
    else if (option !== 'keep-alive') this.isForeign = true;
  }

  private hostOf(valueAt: number, valueEnd: number): string {
    const host = this.only(this.host, valueAt, valueEnd);
    if (host === '') this.isForeign = true;
    for (let at = valueAt; at < valueEnd; at++) {
      if ((byteClass[this.bytes[at]!]! & inHost) === 0) this.isForeign = true;
    }
    return host;
  }

  /** What is said twice is not clear. */
  private only(before: string | undefined, valueAt: number, valueEnd: number): string {
    if (before !== undefined) this.isForeign = true;
    return this.bytes.toString('latin1', valueAt, valueEnd);
  }
}

/** Of a body that is short enough, written in one way only. */
function isBodyLength(text: string): boolean {
  return /^(0|[1-9]\d{0,5})$/.test(text) && Number(text) <= maxBodyBytes;
}

/** `name` in lower case, and as long as the bytes meant. */
function isNamed(bytes: Buffer, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[at + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

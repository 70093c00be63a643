import { edgeHeader } from '../reply-headers.ts';

/** Longest request target, bytes; beyond it: 414. RFC 9112 §3 has servers take at least 8000. */
export const maxTargetBytes = 8192;
/** Longest request head, bytes; beyond it: 431, as node:http with the same limit. */
export const maxHeadBytes = 16 * 1024;

/**
 * What the next bytes of a connection are: a request that is understood in all its parts; the beginning of one; something for
 * the full server to judge; or too much.
 */
export type Recognised = 'request' | 'incomplete' | 'foreign' | 'target-too-long' | 'head-too-large';

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
}

/** A request line that was understood. */
interface RequestLine {
  /** As received, up to and with the line's end. */
  readonly bytes: Buffer;
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  readonly query: string;
}

/** So many lines are remembered: the viewers of a stream ask for the same few things at the same time. */
const recentLines = 4;

/** Classes of bytes: what may stand in a header's name (RFC 9110 §5.6.2), in its value, in a target, in Host. */
const inName = 1;
const inValue = 2;
const inTarget = 4;
const inHost = 8;
const byteClass = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) {
  const character = String.fromCharCode(byte);
  let classes = inValue;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) classes |= inName;
  if (byte > 0x20 && character !== '#') classes |= inTarget;
  if (/[A-Za-z0-9.\-_:[\]]/.test(character)) classes |= inHost;
  byteClass[byte] = classes;
}
byteClass[0x09] = inValue;

const get = Buffer.from('GET ');
const head = Buffer.from('HEAD ');
const versionAndEnd = Buffer.from(' HTTP/1.1\r\n');
/** The last byte of a target, from the end of its line. */
const targetEnd = versionAndEnd.length + 1;
const paths = ['/hls/', '/dash/', '/time'].map((path) => Buffer.from(path));
const [cr, lf, colon, space, tab, question, slash] = [13, 10, 58, 32, 9, 63, 47];
const signedPrefix = Buffer.from('/t/');

/**
 * Recognises requests as players send them: GET or HEAD of playback paths in origin form, HTTP/1.1, one Host, no body, clean
 * lines. It never guesses: whatever is not positively recognised is `foreign`. One parser serves all connections of a
 * thread: its fields are the last request, until the next call.
 */
export class RequestParser {
  method: 'GET' | 'HEAD' = 'GET';
  path = '';
  query = '';
  headers: RequestHeaders = {
    block: Buffer.alloc(0),
    isKeepAlive: true,
    userAgent: '',
    range: undefined,
    ifRange: undefined,
    ifNoneMatch: undefined,
    acceptEncoding: undefined,
    edgeSecret: undefined,
  };
  /** Where the request ends in the bytes. */
  end = 0;
  /** In turns. */
  private readonly recent: RequestLine[] = [];
  private turn = 0;

  /** Looks at `bytes` from `start` on. `last` are the headers of the connection's last request: most players repeat them. */
  parse(bytes: Buffer, start: number, last: RequestHeaders | undefined): Recognised {
    if (!this.isRecent(bytes, start)) {
      const line = this.parseLine(bytes, start);
      if (line !== 'request') return line;
      this.remember(bytes.subarray(start, this.end));
    }
    if (last !== undefined && isAt(bytes, this.end, last.block)) {
      this.headers = last;
      this.end += last.block.length;
      return 'request';
    }
    const fields = new HeaderFields(bytes, this.end);
    const recognised = fields.parse();
    const isTooLarge = (recognised === 'incomplete' ? bytes.length : fields.at) - start > maxHeadBytes;
    if (isTooLarge && recognised !== 'foreign') return 'head-too-large';
    if (recognised !== 'request') return recognised;
    this.headers = fields.headers(this.end);
    this.end = fields.at;
    return 'request';
  }

  /** Whether the line has come before: then its texts are there already, and no memory is taken for each viewer's. */
  private isRecent(bytes: Buffer, start: number): boolean {
    for (const line of this.recent) {
      const length = line.bytes.length;
      // What changes from one part to the next stands at the end.
      if (bytes[start + length - targetEnd] !== line.bytes[length - targetEnd]) continue;
      if (!isAt(bytes, start, line.bytes)) continue;
      this.method = line.method;
      this.path = line.path;
      this.query = line.query;
      this.end = start + length;
      return true;
    }
    return false;
  }

  private remember(line: Buffer): void {
    const { method, path, query } = this;
    this.recent[this.turn] = { bytes: Buffer.from(line), method, path, query };
    this.turn = (this.turn + 1) % recentLines;
  }

  private parseLine(bytes: Buffer, start: number): Recognised {
    const method = bytes[start] === head[0] ? head : get;
    const methodFound = begins(bytes, start, method);
    if (methodFound !== 'request') return methodFound;
    const targetAt = start + method.length;
    const pathAt = behindToken(bytes, targetAt);
    if (pathAt === bytes.length && pathAt - targetAt > maxTargetBytes) return 'target-too-long';
    let pathFound: Recognised = 'foreign';
    for (const path of paths) {
      const found = begins(bytes, pathAt, path);
      if (found !== 'foreign') pathFound = found;
    }
    if (pathFound !== 'request') return pathFound;
    let at = pathAt + 5;
    let queryAt = 0;
    for (; at < bytes.length && (byteClass[bytes[at]!]! & inTarget) !== 0; at++) {
      if (bytes[at] === question && queryAt === 0) queryAt = at;
    }
    if (at - targetAt > maxTargetBytes) return 'target-too-long';
    const versionFound = begins(bytes, at, versionAndEnd);
    if (versionFound !== 'request') return versionFound;
    this.method = method === head ? 'HEAD' : 'GET';
    this.path = bytes.toString('latin1', targetAt, queryAt === 0 ? at : queryAt);
    this.query = queryAt === 0 ? '' : bytes.toString('latin1', queryAt + 1, at);
    this.end = at + versionAndEnd.length;
    const isLonger = bytes[pathAt + 1] === 0x74 && this.path.length > pathAt - targetAt + 5;
    return isLonger ? 'foreign' : 'request';
  }
}

/** Where the path goes on behind `/t/<token>`, or its end so far; its beginning where there is no token. */
function behindToken(bytes: Buffer, targetAt: number): number {
  if (bytes[targetAt + 1] !== signedPrefix[1] || begins(bytes, targetAt, signedPrefix) !== 'request') return targetAt;
  let at = targetAt + signedPrefix.length;
  while (
    at < bytes.length &&
    bytes[at] !== slash &&
    bytes[at] !== question &&
    (byteClass[bytes[at]!]! & inTarget) !== 0
  )
    at++;
  return at;
}

/** The lines between the request line and the body that must not be there. */
class HeaderFields {
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
  private isForeign = false;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** `at` is then behind the empty line. */
  parse(): 'request' | 'incomplete' | 'foreign' {
    const { bytes } = this;
    for (;;) {
      if (bytes[this.at] === cr) {
        if (this.at + 1 === bytes.length) return 'incomplete';
        if (bytes[this.at + 1] !== lf || this.host === undefined) return 'foreign';
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
    return { block, isKeepAlive, userAgent, range, ifRange, ifNoneMatch, acceptEncoding, edgeSecret };
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
          if (this.contentLength !== '0') this.isForeign = true;
        } else if (isNamed(bytes, nameAt, edgeHeader)) {
          this.edgeSecret = this.only(this.edgeSecret, valueAt, valueEnd);
        }
        return;
      case 15:
        if (!isNamed(bytes, nameAt, 'accept-encoding')) return;
        this.acceptEncoding = this.only(this.acceptEncoding, valueAt, valueEnd);
        return;
      case 16:
        if (isNamed(bytes, nameAt, 'proxy-connection')) this.isForeign = true;
        return;
      case 17:
        if (isNamed(bytes, nameAt, 'transfer-encoding')) this.isForeign = true;
        return;
    }
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

/** Whether `wanted` stands at `at`, or what there is could still become it. */
function begins(bytes: Buffer, at: number, wanted: Buffer): 'request' | 'incomplete' | 'foreign' {
  for (let i = 0; i < wanted.length; i++) {
    if (at + i >= bytes.length) return 'incomplete';
    if (bytes[at + i] !== wanted[i]) return 'foreign';
  }
  return 'request';
}

function isAt(bytes: Buffer, at: number, block: Buffer): boolean {
  const end = at + block.length;
  return end <= bytes.length && bytes.compare(block, 0, block.length, at, end) === 0;
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

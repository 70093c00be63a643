import { byteClass, HeaderFields, inTarget, type RequestHeaders } from './header-fields.ts';

/** Longest request target, bytes; beyond it: 414. RFC 9112 §3 has servers take at least 8000. */
export const maxTargetBytes = 8192;
/** Longest request head, bytes; beyond it: 431, as node:http with the same limit. */
export const maxHeadBytes = 16 * 1024;

/**
 * What the next bytes of a connection are: a request that is understood in all its parts; the beginning of one; something for
 * the full server to judge; or too much.
 */
export type Recognised = 'request' | 'incomplete' | 'foreign' | 'target-too-long' | 'head-too-large';

type Method = 'GET' | 'HEAD' | 'POST';

/** A request line that was understood. */
interface RequestLine {
  /** As received, up to and with the line's end. */
  readonly bytes: Buffer;
  readonly method: Method;
  readonly path: string;
  readonly query: string;
}

/** So many lines are remembered: the viewers of a stream ask for the same few things at the same time. */
const recentLines = 4;

const get = Buffer.from('GET ');
const head = Buffer.from('HEAD ');
const post = Buffer.from('POST ');
const versionAndEnd = Buffer.from(' HTTP/1.1\r\n');
/** The last byte of a target, from the end of its line. */
const targetEnd = versionAndEnd.length + 1;
const paths = ['/hls/', '/dash/', '/time'].map((path) => Buffer.from(path));
const reportPaths = [Buffer.from('/cmcd')];
const [question, slash] = [63, 47];
const signedPrefix = Buffer.from('/t/');

/**
 * Recognises requests as players send them: GET or HEAD of playback paths, or a report with its body, in origin form, HTTP/1.1, one Host,
 * clean lines. It never guesses: whatever is not positively recognised is `foreign`. One parser serves all connections of a
 * thread: its fields are the last request, until the next call.
 */
export class RequestParser {
  method: Method = 'GET';
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
    forwarding: undefined,
    cmcd: undefined,
    bodyBytes: 0,
  };
  /** Of a report. */
  body: Buffer | undefined;
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
    const isReport = this.method === 'POST';
    if (last !== undefined && !isReport && isAt(bytes, this.end, last.block)) {
      this.headers = last;
      this.end += last.block.length;
      this.body = undefined;
      return 'request';
    }
    const fields = new HeaderFields(bytes, this.end, isReport);
    const recognised = fields.parse();
    const isTooLarge = (recognised === 'incomplete' ? bytes.length : fields.at) - start > maxHeadBytes;
    if (isTooLarge && recognised !== 'foreign') return 'head-too-large';
    if (recognised !== 'request') return recognised;
    this.headers = fields.headers(this.end);
    this.end = fields.at;
    this.body = undefined;
    return isReport ? this.takeBody(bytes) : 'request';
  }

  private takeBody(bytes: Buffer): 'request' | 'incomplete' {
    const end = this.end + this.headers.bodyBytes;
    if (bytes.length < end) return 'incomplete';
    this.body = bytes.subarray(this.end, end);
    this.end = end;
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
    const first = bytes[start];
    const method = first === head[0] ? head : first === post[0] ? post : get;
    const methodFound = begins(bytes, start, method);
    if (methodFound !== 'request') return methodFound;
    const targetAt = start + method.length;
    const pathAt = behindToken(bytes, targetAt);
    if (pathAt === bytes.length && pathAt - targetAt > maxTargetBytes) return 'target-too-long';
    let pathFound: Recognised = 'foreign';
    for (const path of method === post ? reportPaths : paths) {
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
    this.method = method === head ? 'HEAD' : method === post ? 'POST' : 'GET';
    this.path = bytes.toString('latin1', targetAt, queryAt === 0 ? at : queryAt);
    this.query = queryAt === 0 ? '' : bytes.toString('latin1', queryAt + 1, at);
    this.end = at + versionAndEnd.length;
    const isOneWord = method === post || bytes[pathAt + 1] === 0x74;
    const isLonger = isOneWord && this.path.length > pathAt - targetAt + 5;
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

import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { parseByteRange, sliceBody } from './byte-range.ts';
import { problem } from './problem.ts';
import type { PlaybackRequest, Reply, ReplyClass } from './reply.ts';
import { openHeaders } from './reply-headers.ts';

interface ResourceOptions {
  readonly class: ReplyClass;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly body: readonly Uint8Array[];
  /** Without quotes. Strong: the same tag never stands for other bytes. */
  readonly etag: string;
  /** Wall clock, ms since the epoch; for what has no tag in every client. */
  readonly modifiedAtMs?: number;
  /** Text is compressed for whoever accepts it, once. */
  readonly isText?: boolean;
}

/** Something whole that can be downloaded, with all forms of its reply made once and shared by every viewer. */
export class Resource {
  readonly sizeBytes: number;
  private readonly options: ResourceOptions;
  private whole: Reply | undefined;
  private wholeHead: Reply | undefined;
  private zipped: Reply | undefined;
  private unchanged: Reply | undefined;

  constructor(options: ResourceOptions) {
    this.options = options;
    this.sizeBytes = options.body.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** The same bytes under another caching rule. */
  withCacheControl(cacheControl: string): Resource {
    return new Resource({ ...this.options, cacheControl });
  }

  replyTo(request: PlaybackRequest): Reply {
    const { method, range, ifNoneMatch } = request;
    if (ifNoneMatch === undefined ? this.isUnmodified(request) : this.matches(ifNoneMatch)) return this.notModified();
    if (range !== undefined && this.isRangeWanted(request)) {
      const wanted = parseByteRange(range, this.sizeBytes);
      if (wanted === 'unsatisfiable') {
        const { sizeBytes } = this;
        return problem('DELIVERY_RANGE_UNSATISFIABLE', { sizeBytes }, [
          'Content-Range',
          `bytes */${sizeBytes}`,
        ]).replyTo(request);
      }
      if (wanted !== undefined && method !== 'HEAD') return this.partial(wanted);
      return this.wholeReply(method);
    }
    if (this.options.isText === true && acceptsGzip(request.acceptEncoding)) return this.zippedReply(method);
    return this.wholeReply(method);
  }

  private wholeReply(method: string): Reply {
    const { body, etag } = this.options;
    this.whole ??= this.reply(200, ['Content-Length', String(this.sizeBytes), 'ETag', `"${etag}"`], body);
    if (method !== 'HEAD') return this.whole;
    this.wholeHead ??= { ...this.whole, body: [] };
    return this.wholeHead;
  }

  private zippedReply(method: string): Reply {
    if (this.zipped === undefined) {
      const bytes = gzipSync(Buffer.concat(this.options.body));
      const headers = ['Content-Encoding', 'gzip', 'Content-Length', String(bytes.length)];
      this.zipped = this.reply(200, [...headers, 'ETag', `"${this.options.etag}-gz"`], [bytes]);
    }
    return method === 'HEAD' ? { ...this.zipped, body: [] } : this.zipped;
  }

  private partial(range: { readonly first: number; readonly last: number }): Reply {
    const { first, last } = range;
    const headers = [
      'Content-Length',
      String(last - first + 1),
      'Content-Range',
      `bytes ${first}-${last}/${this.sizeBytes}`,
    ];
    return this.reply(206, [...headers, 'ETag', `"${this.options.etag}"`], sliceBody(this.options.body, range));
  }

  private notModified(): Reply {
    this.unchanged ??= this.reply(304, ['ETag', `"${this.options.etag}"`], []);
    return this.unchanged;
  }

  private reply(status: number, own: readonly string[], body: readonly Uint8Array[]): Reply {
    const { contentType, cacheControl, isText, modifiedAtMs } = this.options;
    const headers = ['Content-Type', contentType, ...own, 'Cache-Control', cacheControl, 'Accept-Ranges', 'bytes'];
    if (modifiedAtMs !== undefined) headers.push('Last-Modified', new Date(modifiedAtMs).toUTCString());
    if (isText === true) headers.push('Vary', 'Accept-Encoding');
    return { kind: 'whole', class: this.options.class, status, headers: [...headers, ...openHeaders], body };
  }

  /** If-None-Match compares weakly, and either form of a text is the same version of it. */
  private matches(ifNoneMatch: string): boolean {
    if (ifNoneMatch.trim() === '*') return true;
    const { etag } = this.options;
    return ifNoneMatch.split(',').some((tag) => {
      const opaque = tag.trim().replace(/^W\//, '');
      return opaque === `"${etag}"` || opaque === `"${etag}-gz"`;
    });
  }

  /** If-Modified-Since counts only where there is no If-None-Match (RFC 9110 §13.1.3), and in whole seconds. */
  private isUnmodified({ ifModifiedSince }: PlaybackRequest): boolean {
    const { modifiedAtMs } = this.options;
    if (ifModifiedSince === undefined || modifiedAtMs === undefined) return false;
    return Date.parse(ifModifiedSince) >= Math.floor(modifiedAtMs / 1000) * 1000;
  }

  private isRangeWanted({ ifRange }: PlaybackRequest): boolean {
    return ifRange === undefined || ifRange.trim() === `"${this.options.etag}"`;
  }
}

/** A text of the moment; its tag is made of what it says, so every thread and node gives the same one. */
export function textResource(options: {
  readonly class: ReplyClass;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly text: string;
}): Resource {
  const { text, ...rest } = options;
  const etag = hash('sha1', text, 'base64url');
  return new Resource({ ...rest, body: [Buffer.from(text)], etag, isText: true });
}

/** Whether gzip is among the accepted codings (RFC 9110 §12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  // Every browser says it plainly: no weights, nothing to take apart.
  if (!acceptEncoding.includes(';') && /(?:^|,)[ \t]*(?:x-)?gzip[ \t]*(?:,|$)/i.test(acceptEncoding)) return true;
  let any = false;
  for (const item of acceptEncoding.split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (coding === 'gzip' || coding === 'x-gzip') return !isRefused;
    if (coding === '*') any = !isRefused;
  }
  return any;
}

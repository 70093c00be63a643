import { type ErrorCode, type ErrorDetails, errorCatalog } from '../base/error-catalog.ts';
import { redactSecrets } from '../base/redact.ts';
import type { PlaybackRequest, Reply } from './reply.ts';
import { cacheControl, openHeaders } from './reply-headers.ts';

/** A refusal as RFC 9457 problem details. */
export class Problem {
  private readonly whole: Reply;

  constructor(whole: Reply) {
    this.whole = whole;
  }

  get status(): number {
    return this.whole.status;
  }

  replyTo({ method }: PlaybackRequest): Reply {
    return method === 'HEAD' ? { ...this.whole, body: [] } : this.whole;
  }
}

/** What depends on who asks is kept for nobody. */
function cachingOf(httpStatus: number): readonly string[] {
  switch (httpStatus) {
    case 503:
      return [cacheControl.never, 'Retry-After', '1'];
    case 401:
      return [cacheControl.never, 'WWW-Authenticate', 'Bearer realm="playback"'];
    case 403:
      return [cacheControl.never];
    default:
      return [cacheControl.refusal];
  }
}

/** The problem of a catalogue entry. An expected outcome, so nothing is thrown and no stack is taken. */
export function problem<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code>,
  ownHeaders: readonly string[] = [],
): Problem {
  const { message, remedy, httpStatus } = errorCatalog[code] as {
    message: (details: ErrorDetails<Code>) => string;
    remedy: string;
    httpStatus: number;
  };
  const detail = redactSecrets(message(details));
  const body = Buffer.from(`${JSON.stringify({ status: httpStatus, title: detail, code, detail, remedy })}\n`);
  const caching = cachingOf(httpStatus);
  return new Problem({
    kind: 'whole',
    class: 'other',
    status: httpStatus,
    headers: [
      ...['Content-Type', 'application/problem+json', 'Content-Length', String(body.length)],
      ...['Cache-Control', ...caching],
      ...ownHeaders,
      ...openHeaders,
    ],
    body: [body],
  });
}

import { maxBodyBytes } from '../cmcd/report.ts';
import type { DeliveredStream } from './delivered-stream.ts';
import { problem } from './problem.ts';
import type { PlaybackRequest, Reply } from './reply.ts';
import { openHeaders } from './reply-headers.ts';

const methods = 'POST, OPTIONS';

/** What players of other sites ask before they report: `application/cmcd` is no type that a page may send unasked. */
const preflight: Reply = {
  kind: 'whole',
  class: 'report',
  status: 204,
  headers: [
    ...['Access-Control-Allow-Methods', methods, 'Access-Control-Allow-Headers', 'Content-Type'],
    ...['Access-Control-Max-Age', '86400', 'Allow', methods, 'Cache-Control', 'max-age=86400'],
    ...openHeaders,
  ],
  body: [],
};

const taken: Reply = {
  kind: 'whole',
  class: 'report',
  status: 204,
  headers: ['Cache-Control', 'no-store', ...openHeaders],
  body: [],
};
/** There is nothing to report on any more: a player that hears this stops (CTA-5004-B). */
const gone: Reply = {
  kind: 'whole',
  class: 'report',
  status: 410,
  headers: ['Content-Length', '0', 'Cache-Control', 'no-store', ...openHeaders],
  body: [],
};

/** Where in a body the content is looked for. */
const lookedAtBytes = 2048;
const contentIdForm = /(?:^|[,\n])cid="([A-Za-z0-9_-]{1,64})"/;

/** Answers `/cmcd`: players' events (CMCD version 2). `take` gets what they say, with the stream it is about, if it is here. */
export function answerReport(
  request: PlaybackRequest,
  find: (idOrChannel: string) => DeliveredStream | undefined,
  take: (body: Uint8Array, stream: DeliveredStream | undefined) => void,
): Reply {
  const { method, body } = request;
  if (method === 'OPTIONS') return preflight;
  if (method !== 'POST') return problem('DELIVERY_METHOD_NOT_ALLOWED', { method }, ['Allow', methods]).replyTo(request);
  if (body === undefined) return problem('DELIVERY_REPORT_TOO_LONG', { limit: maxBodyBytes }).replyTo(request);
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1', 0, lookedAtBytes);
  const contentId = contentIdForm.exec(text)?.[1];
  const stream = contentId === undefined ? undefined : find(contentId);
  take(body, stream);
  return stream?.window.isEnded === true ? gone : taken;
}

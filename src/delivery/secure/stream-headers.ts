import type { OutgoingHttpHeaders } from 'node:http2';
import type { ProgressiveReply, Reply } from '../reply.ts';

/** Makes the header fields of each reply once for all streams that are given the same object (RFC 9113 §8.2: names in lower case). */
export class StreamHeaders {
  private readonly made = new WeakMap<Reply | ProgressiveReply, OutgoingHttpHeaders>();

  of(reply: Reply | ProgressiveReply): OutgoingHttpHeaders {
    const known = this.made.get(reply);
    if (known !== undefined) return known;
    const fields: OutgoingHttpHeaders = { ':status': reply.status };
    const { headers } = reply;
    for (let i = 0; i < headers.length; i += 2) fields[headers[i]!.toLowerCase()] = headers[i + 1]!;
    this.made.set(reply, fields);
    return fields;
  }
}

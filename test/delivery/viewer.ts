import { gunzipSync } from 'node:zlib';
import { Delivery, type DeliveryOptions } from '../../src/delivery/delivery.ts';
import type { PlaybackRequest, ProgressiveReply, Reply } from '../../src/delivery/reply.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Feeder, streamStartMs } from './feeder.ts';

/** An answer as a viewer has it so far. */
export interface Watched {
  reply?: Reply | ProgressiveReply;
  cancel(): void;
}

export function rig(change: ConstructorParameters<typeof Feeder>[1] = {}, options: Partial<DeliveryOptions> = {}) {
  const clock = new ManualClock(streamStartMs);
  const delivery = new Delivery({ clock, ...options });
  const feeder = new Feeder((message) => delivery.apply(message), change);
  return { clock, delivery, feeder };
}

export function ask(delivery: Delivery, url: string, more: Partial<PlaybackRequest> = {}): Watched {
  const [path = '', query = ''] = url.split('?');
  const answer = delivery.answer({ method: 'GET', path, query, ...more });
  if (answer.kind !== 'pending') return { reply: answer, cancel: () => {} };
  const watched: Watched = { cancel: () => answer.cancel() };
  answer.settle((reply) => {
    if (watched.reply !== undefined) throw new Error(`${url} was answered twice`);
    watched.reply = reply;
  });
  return watched;
}

/** What is answered at once. */
export function get(delivery: Delivery, url: string, more: Partial<PlaybackRequest> = {}): Reply {
  const { reply } = ask(delivery, url, more);
  if (reply?.kind !== 'whole') throw new Error(`${url} is not answered at once`);
  return reply;
}

export function header(reply: { readonly headers: readonly string[] }, name: string): string | undefined {
  for (let i = 0; i < reply.headers.length; i += 2) {
    if (reply.headers[i]?.toLowerCase() === name.toLowerCase()) return reply.headers[i + 1];
  }
  return undefined;
}

export function text(reply: Reply): string {
  const bytes = Buffer.concat(reply.body);
  return (header(reply, 'content-encoding') === 'gzip' ? gunzipSync(bytes) : bytes).toString();
}

export function getText(delivery: Delivery, url: string): string {
  const reply = get(delivery, url);
  if (reply.status !== 200) throw new Error(`${url}: ${reply.status} ${text(reply)}`);
  return text(reply);
}

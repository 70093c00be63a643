import * as z from 'zod';
import { decodedLogin, type Login, parseRedisServer, type RedisServerTarget } from './redis-url.ts';

/** Where events go besides webhooks. */
export type EventsTarget =
  /** They are in the store, for whoever asks the API. */
  { readonly kind: 'store' } | KafkaTarget | RedisTarget;

export interface KafkaTarget {
  readonly kind: 'kafka';
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly topic: string;
  readonly isTls: boolean;
  readonly login: (Login & { readonly mechanism: KafkaMechanism }) | undefined;
}

export interface RedisTarget extends RedisServerTarget {
  readonly kind: 'redis';
  /** Key of the stream. */
  readonly stream: string;
  /** About how many entries the stream keeps; 0: all. */
  readonly maxLength: number;
}

const kafkaMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type KafkaMechanism = (typeof kafkaMechanisms)[number];

const wanted =
  'store:, kafka://[USER:PASSWORD@]HOST:PORT[,HOST:PORT]/TOPIC[?tls=true&mechanism=scram-sha-512] or redis://HOST:PORT/DB[?stream=KEY&maxlen=N]';

/** `events.url`, taken apart. */
export function eventsTarget() {
  return z.string({ error: wanted }).transform((url, context): EventsTarget => {
    const target = parseEventsUrl(url);
    if (target !== undefined) return target;
    context.issues.push({ code: 'custom', message: wanted, input: url });
    return z.NEVER;
  });
}

/** Undefined for what is none. */
export function parseEventsUrl(url: string): EventsTarget | undefined {
  if (url === 'store:') return { kind: 'store' };
  return url.startsWith('kafka://') ? parseKafka(url) : parseRedis(url);
}

/** Several brokers make no URL of it (RFC 3986 §3.2 has one host), so it is read by hand. */
function parseKafka(url: string): KafkaTarget | undefined {
  const [, user, password = '', hosts = '', topic = '', query = ''] =
    /^kafka:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?@]+)\/([A-Za-z0-9._-]{1,249})(?:\?([^#]*))?$/.exec(url) ?? [];
  const brokers = hosts.split(',').map((text) => {
    const [, host = '', port = '9092'] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
  if (topic === '' || brokers.some(({ host, port }) => host === '' || port < 1 || port > 65_535)) return undefined;
  const values = queryValues(query, ['tls', 'mechanism']);
  const mechanism = kafkaMechanisms.find((name) => name === (values?.mechanism ?? 'plain').toUpperCase());
  const isTls = flagValue(values?.tls);
  const login = user === undefined ? undefined : decodedLogin(user, password);
  if (values === undefined || mechanism === undefined || isTls === undefined || login === null) return undefined;
  return { kind: 'kafka', brokers, topic, isTls, login: login && { ...login, mechanism } };
}

function parseRedis(url: string): RedisTarget | undefined {
  const server = parseRedisServer(url);
  const values = server && queryValues(new URL(url).search.slice(1), ['stream', 'maxlen']);
  const { stream = 'streamctl:events', maxlen = '100000' } = values ?? {};
  if (server === undefined || values === undefined || stream === '' || !/^\d{1,12}$/.test(maxlen)) return undefined;
  return { kind: 'redis', ...server, stream, maxLength: Number(maxlen) };
}

/** Undefined where a name is not among `known`. */
function queryValues<Name extends string>(
  query: string,
  known: readonly Name[],
): Partial<Record<Name, string>> | undefined {
  const entries = [...new URLSearchParams(query)];
  if (entries.some(([name]) => !(known as readonly string[]).includes(name))) return undefined;
  return Object.fromEntries(entries) as Partial<Record<Name, string>>;
}

function flagValue(text = 'false'): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

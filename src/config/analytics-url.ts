import * as z from 'zod';
import { decodedLogin, type Login } from './redis-url.ts';

/** Where viewer analytics are kept. */
export type AnalyticsTarget = { readonly kind: 'store' } | ClickHouseTarget;

export interface ClickHouseTarget {
  readonly kind: 'clickhouse';
  readonly host: string;
  /** Of its HTTP interface. */
  readonly port: number;
  readonly isTls: boolean;
  readonly database: string;
  readonly login: Login | undefined;
}

const wanted =
  'store:, or clickhouse://[USER:PASSWORD@]HOST[:PORT]/DATABASE[?tls=1] with the port of its HTTP interface';

/** `analytics.url`, taken apart. */
export function analyticsTarget() {
  return z.string({ error: wanted }).transform((url, context): AnalyticsTarget => {
    const target = url === 'store:' ? ({ kind: 'store' } as const) : parseClickHouse(url);
    if (target !== undefined) return target;
    context.issues.push({ code: 'custom', message: wanted, input: url });
    return z.NEVER;
  });
}

/** Undefined for what is none. The database's name stands in SQL, so it is of letters, digits and underscores. */
function parseClickHouse(url: string): ClickHouseTarget | undefined {
  if (!/^clickhouse:\/\/[^/]/.test(url) || !URL.canParse(url)) return undefined;
  const { hostname, port, pathname, search, hash, username, password } = new URL(url);
  const [, database] = /^\/?([A-Za-z_][A-Za-z0-9_]{0,63})?$/.exec(pathname) ?? [];
  const [, tls] = /^(?:\?tls=(0|1|false|true))?$/.exec(search) ?? [];
  const login = username === '' && password === '' ? undefined : decodedLogin(username, password);
  const isRight = /^\/?([A-Za-z_][A-Za-z0-9_]{0,63})?$/.test(pathname) && /^(\?tls=(0|1|false|true))?$/.test(search);
  if (hostname === '' || !isRight || hash !== '' || login === null) return undefined;
  const isTls = tls === '1' || tls === 'true';
  return {
    kind: 'clickhouse',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 8443 : 8123) : Number(port),
    isTls,
    database: database ?? 'default',
    login,
  };
}

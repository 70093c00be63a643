/** A Redis server and a database of it. */
export interface RedisServerTarget {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly isTls: boolean;
  readonly login: Login | undefined;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, or `rediss://` for TLS; what follows a question mark is the caller's. Undefined for what is none. */
export function parseRedisServer(url: string): RedisServerTarget | undefined {
  if (!/^rediss?:\/\/[^/]/.test(url) || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port, pathname, username, password } = new URL(url);
  const [, database] = /^\/?(\d{0,4})$/.exec(pathname) ?? [];
  const login = username === '' && password === '' ? undefined : decodedLogin(username, password);
  if (hostname === '' || database === undefined || login === null) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    database: Number(database),
    isTls: protocol === 'rediss:',
    login,
  };
}

/** Null where a percent sign stands for nothing. */
export function decodedLogin(user: string, password: string): Login | null {
  try {
    return { user: decodeURIComponent(user), password: decodeURIComponent(password) };
  } catch {
    return null;
  }
}

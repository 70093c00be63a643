import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { StreamctlError } from '../../base/errors.ts';

/** What a URL says of a Postgres; what it leaves out is taken from the environment that libpq knows (PGUSER, PGPASSWORD, …). */
export interface PostgresAddress {
  /** `postgres://HOST:PORT/DATABASE`, for logs and answers: neither user nor password is in it. */
  readonly name: string;
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly ssl: ConnectionOptions | false;
  /** Of the session, as libpq's `options`: `-c search_path=streamctl`. */
  readonly options: string | undefined;
}

const knownParameters = new Set(['host', 'options', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']);

/** Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. Throws STORE_URL_INVALID, which repeats nothing secret. */
export function parsePostgresUrl(text: string): PostgresAddress {
  if (!URL.canParse(text))
    throw invalid('it is no URL: characters such as / and @ in a password are written as %2F, %40');
  const { hostname, port, username, password, pathname, searchParams } = new URL(text);
  for (const name of searchParams.keys()) {
    if (!knownParameters.has(name)) throw invalid(`"${name}" is not one of ${[...knownParameters].join(', ')}`);
  }
  const host = searchParams.get('host') ?? part(hostname.replace(/^\[(.*)\]$/, '$1'));
  const database = part(pathname.slice(1));
  return {
    name: `postgres://${hostname || host || 'localhost'}${port && `:${port}`}/${database ?? ''}`,
    host,
    port: port === '' ? undefined : Number(port),
    user: part(username),
    password: part(password),
    database,
    ssl: tlsOptions(searchParams, host),
    options: searchParams.get('options') ?? undefined,
  };
}

/** As libpq has it (PostgreSQL 34.19.1), without the modes that go on in clear text when the server wants that. */
function tlsOptions(parameters: URLSearchParams, host: string | undefined): ConnectionOptions | false {
  const file = (name: string) => readCertificate(name, parameters.get(name));
  const ca = file('sslrootcert');
  const mode = parameters.get('sslmode') ?? (ca === undefined ? 'disable' : 'verify-full');
  const options = { ...(ca && { ca }), ...pair(file('sslcert'), file('sslkey')) };
  switch (mode) {
    case 'disable':
      if (ca !== undefined) throw invalid('sslrootcert has no meaning with sslmode=disable');
      return false;
    case 'require':
      // With a root certificate libpq checks who signed, as with verify-ca.
      return ca === undefined
        ? { ...options, rejectUnauthorized: false }
        : { ...options, checkServerIdentity: () => undefined };
    case 'verify-ca':
      if (ca === undefined) throw invalid('sslmode=verify-ca needs sslrootcert');
      return { ...options, checkServerIdentity: () => undefined };
    case 'verify-full':
      // Without it Node would check an address against a certificate of "localhost".
      return host === undefined ? options : { ...options, host };
    default:
      throw invalid('sslmode is one of disable, require, verify-ca, verify-full');
  }
}

function part(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    throw invalid('a % in it is not escaped: write %25');
  }
}

function pair(cert: string | undefined, key: string | undefined): { cert?: string; key?: string } {
  if ((cert === undefined) !== (key === undefined)) throw invalid('sslcert and sslkey belong together');
  return cert === undefined || key === undefined ? {} : { cert, key };
}

function readCertificate(name: string, path: string | null): string | undefined {
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(`${name} ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

function invalid(reason: string): StreamctlError {
  return new StreamctlError('STORE_URL_INVALID', { reason });
}

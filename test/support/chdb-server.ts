import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

interface ChdbSession {
  query(sql: string, format?: string): string;
}

/** As much of ClickHouse's HTTP interface as we use, before the engine that npm has as `chdb`: `node chdb-server.ts MODULE FOLDER` says its port. */
const [modulePath = '', folder = ''] = process.argv.slice(2);
const { Session } = createRequire(import.meta.url)(modulePath) as { Session: new (path: string) => ChdbSession };
const session = new Session(folder);
session.query('SET output_format_json_quote_64bit_integers = 1');

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const body = Buffer.concat(await request.toArray()).toString();
  const before = searchParams.get('query');
  try {
    session.query(`USE ${searchParams.get('database')}`);
    response.end(session.query(before === null ? body : `${before}\n${body}`, 'JSONEachRow'));
  } catch (error) {
    response.writeHead(500).end(String((error as Error).message));
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

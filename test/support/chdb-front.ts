import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp-dir.ts';

interface ChdbSession {
  query(sql: string, format?: string): string;
  cleanup(): void;
}

/** As much of ClickHouse's HTTP interface as we use, before the engine that npm has as `chdb`; tells its port. `modulePath`: where that is installed. */
export async function startChdbFront(modulePath: string): Promise<number> {
  const { Session } = createRequire(import.meta.url)(modulePath) as { Session: new (path: string) => ChdbSession };
  const session = new Session(tempDir());
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    session.cleanup();
  });
  return (server.address() as { port: number }).port;
}

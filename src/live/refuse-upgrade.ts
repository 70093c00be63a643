import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemResponse } from '../api/problem.ts';
import { isStreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';

/** Answers with a problem, as the API does, what is not to become a WebSocket. */
export function refuseUpgrade(socket: Socket, error: unknown, log: Pick<Log, 'error'>): void {
  if (!isStreamctlError(error)) log.error({ err: error }, 'a WebSocket was refused unexpectedly');
  const response = problemResponse(error);
  response.text().then((body) => {
    const fields = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const length = Buffer.byteLength(body);
    socket.end(
      `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}\r\n${fields}cache-control: no-store\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}

import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { CertificatePair } from '../../../src/base/certificate-pair.ts';
import { SecureListener, type SecureListenerOptions } from '../../../src/delivery/secure/secure-listener.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { echo, type LaneRig, laneRig, type RawClient } from '../fast-lane/lane-rig.ts';

/** The rig of the fast lane, behind TLS; beside it the plain node:http server with the same listener. */
export interface SecureRig extends LaneRig {
  readonly front: SecureListener;
  readonly certificate: CertificatePair;
}

let certificate: Promise<CertificatePair> | undefined;

export async function secureRig(
  laneOptions: Parameters<typeof laneRig>[0] = {},
  { next = echo, ...options }: Partial<SecureListenerOptions> = {},
): Promise<SecureRig> {
  certificate ??= makeCertificate();
  const front = new SecureListener({ certificate: await certificate, next, ...options });
  const rig = await laneRig({ ...laneOptions, front }, { next });
  return { ...rig, front, certificate: await certificate };
}

export interface SecureClient extends RawClient {
  readonly socket: TLSSocket;
}

/** A TLS connection, and all that came over it. */
export async function rawTls(port: number, text = '', options: ConnectionOptions = {}): Promise<SecureClient> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let all = '';
  let closed = false;
  socket.on('data', (bytes) => {
    all += bytes.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  if (text.length > 0) socket.write(text);
  return { socket, received: () => all, isClosed: () => closed };
}

export async function session(port: number): Promise<ClientHttp2Session> {
  const client = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

export interface StreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** How the stream ended: 0 in order, anything else broken off. */
  readonly rstCode: number;
}

export function ask(
  client: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: string,
): Promise<StreamAnswer> {
  return answerOf(client.request({ ':path': path, ...headers }, { endStream: body === undefined }), body);
}

export function answerOf(stream: ClientHttp2Stream, body?: string): Promise<StreamAnswer> {
  return new Promise((resolve) => {
    let status = 0;
    let received: Readonly<Record<string, unknown>> = {};
    const chunks: Buffer[] = [];
    stream.on('response', ({ ':status': code, ...rest }) => {
      status = code ?? 0;
      received = Object.fromEntries(Object.entries(rest));
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve({ status, headers: received, body: Buffer.concat(chunks), rstCode: stream.rstCode ?? 0 }),
    );
    if (body !== undefined) stream.end(body);
  });
}

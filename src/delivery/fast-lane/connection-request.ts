import type { Socket } from 'node:net';
import { clientAddress, type TrustedProxies } from '../../base/client-address.ts';
import type { PlaybackRequest } from '../reply.ts';
import { viewerName } from '../viewer-events/event-writer.ts';
import type { RequestHeaders } from './header-fields.ts';
import type { RequestParser } from './request-parser.ts';

/** The request that a connection is being answered: it has one at a time, so one object serves them all. */
export class ConnectionRequest implements PlaybackRequest {
  method: PlaybackRequest['method'] = 'GET';
  path = '';
  query = '';
  range: PlaybackRequest['range'];
  ifRange: PlaybackRequest['ifRange'];
  ifNoneMatch: PlaybackRequest['ifNoneMatch'];
  acceptEncoding: PlaybackRequest['acceptEncoding'];
  edgeSecret: PlaybackRequest['edgeSecret'];
  viewer: PlaybackRequest['viewer'];
  isBehindProxy = false;
  cmcd: PlaybackRequest['cmcd'];
  body: PlaybackRequest['body'];
  readonly connection: number;
  /** Those of the last request: the parser gives the same object again for the same bytes. */
  headers: RequestHeaders | undefined;

  constructor(connection: number) {
    this.connection = connection;
  }

  /** Becomes what the parser has just read of the socket. */
  take({ method, path, query, headers, body }: RequestParser, socket: Socket, proxies: TrustedProxies): void {
    this.method = method;
    this.path = path;
    this.query = query;
    this.body = body;
    if (headers === this.headers) return;
    if (headers.userAgent !== this.headers?.userAgent || this.isBehindProxy) this.identify(headers, socket, proxies);
    this.headers = headers;
    this.cmcd = headers.cmcd;
    this.range = headers.range;
    this.ifRange = headers.ifRange;
    this.ifNoneMatch = headers.ifNoneMatch;
    this.acceptEncoding = headers.acceptEncoding;
    this.edgeSecret = headers.edgeSecret;
  }

  private identify({ userAgent, forwarding }: RequestHeaders, socket: Socket, proxies: TrustedProxies): void {
    const peer = socket.remoteAddress ?? '';
    if (this.headers === undefined) this.isBehindProxy = peer !== '' && proxies.has(peer);
    const address = forwarding === undefined ? peer : clientAddress(peer, forwarding, proxies);
    this.viewer = viewerName(address, userAgent);
  }
}

import { rawTls, type SecureClient } from './secure-rig.ts';

/** RFC 9113 §6. */
export const frameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const endStream = 0x1;
export const endHeaders = 0x4;
export const acknowledgement = 0x1;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A client that speaks HTTP/2 frame by frame, and says what no library would. */
export class FrameClient {
  readonly frames: Frame[] = [];
  readonly client: SecureClient;
  private unread = Buffer.alloc(0);

  constructor(client: SecureClient) {
    this.client = client;
    client.socket.on('data', (bytes: Buffer) => this.read(bytes));
  }

  /** Its windows stay as small as they are by default: 64 KB, and nothing is ever added. */
  static async connect(port: number, settings: Buffer | undefined = Buffer.alloc(0)): Promise<FrameClient> {
    const client = new FrameClient(await rawTls(port, '', { ALPNProtocols: ['h2'] }));
    client.client.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    client.send(frameType.settings, 0, 0, settings);
    return client;
  }

  get isClosed(): boolean {
    return this.client.isClosed();
  }

  send(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): boolean {
    return this.client.socket.write(frame(type, flags, streamId, payload));
  }

  get(streamId: number, path: string, headers: readonly (readonly [string, string])[] = []): void {
    this.send(frameType.headers, endHeaders | endStream, streamId, requestHeaders(path, headers));
  }

  reset(streamId: number, code = 8): void {
    this.send(frameType.resetStream, 0, streamId, uint32(code));
  }

  of(streamId: number, type: number): Frame[] {
    return this.frames.filter((frame) => frame.streamId === streamId && frame.type === type);
  }

  /** The error code of the server's goodbye. */
  get goAwayCode(): number | undefined {
    return this.frames.find(({ type }) => type === frameType.goAway)?.payload.readUInt32BE(4);
  }

  private read(bytes: Buffer): void {
    this.unread = Buffer.concat([this.unread, bytes]);
    while (this.unread.length >= 9) {
      const length = this.unread.readUIntBE(0, 3);
      if (this.unread.length < 9 + length) return;
      const [type, flags] = [this.unread[3]!, this.unread[4]!];
      const streamId = this.unread.readUInt32BE(5);
      if (type === frameType.settings && flags === 0) this.send(frameType.settings, acknowledgement, 0);
      this.frames.push({ type, flags, streamId, payload: this.unread.subarray(9, 9 + length) });
      this.unread = this.unread.subarray(9 + length);
    }
  }
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function requestHeaders(path: string, headers: readonly (readonly [string, string])[] = []): Buffer {
  const pseudo = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'x'],
    [':path', path],
  ] as const;
  return Buffer.concat([...pseudo, ...headers].map(([name, value]) => literal(name, value)));
}

/** A header field that is not indexed, with its name, without Huffman coding (RFC 7541 §6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

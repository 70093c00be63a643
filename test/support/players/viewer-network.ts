import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

const tickMs = 10;
/** So much of one connection at a time: they share the line evenly. */
const packetBytes = 1448;

/** One direction of one connection, and what of it waits for the line. */
class Flow {
  readonly from: Socket;
  readonly to: Socket;
  private waiting: Buffer = Buffer.alloc(0);

  constructor(from: Socket, to: Socket) {
    this.from = from;
    this.to = to;
  }

  keep(data: Buffer): void {
    this.from.pause();
    this.waiting = this.waiting.length === 0 ? data : Buffer.concat([this.waiting, data]);
  }

  /** Lets at most so many bytes through; tells how many it were. */
  pass(maxBytes: number): number {
    const piece = this.waiting.subarray(0, maxBytes);
    this.waiting = this.waiting.subarray(piece.length);
    if (piece.length > 0) this.to.write(piece);
    if (this.waiting.length === 0 && !this.to.writableNeedDrain) this.from.resume();
    return piece.length;
  }
}

/**
 * The network of one viewer: all connections to it come out at `target` from one address of 127.0.0.0/8, as fast as it is told. What is
 * throttled waits before the line, as it does in real ones: for what was under way too.
 */
export class ViewerNetwork {
  /** Where the page has to go instead of `target`. */
  url = '';
  private readonly server: Server;
  private readonly target: URL;
  private readonly address: string;
  private readonly flows = new Set<Flow>();
  private readonly sockets = new Set<Socket>();
  /** Undefined: as fast as it goes. */
  private bitsPerSecond: number | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  private constructor(target: URL, address: string) {
    this.target = target;
    this.address = address;
    this.server = createServer({ pauseOnConnect: true }, (near) => this.connected(near));
  }

  static async open(targetUrl: string, address: string): Promise<ViewerNetwork> {
    const network = new ViewerNetwork(new URL(targetUrl), address);
    await new Promise<void>((resolve) => network.server.listen(0, '127.0.0.1', resolve));
    network.url = `http://127.0.0.1:${(network.server.address() as AddressInfo).port}`;
    return network;
  }

  /** From now on. Zero: nothing comes through, and nobody is told; undefined: everything. */
  limit(bitsPerSecond: number | undefined): void {
    clearInterval(this.timer);
    this.bitsPerSecond = bitsPerSecond;
    if (bitsPerSecond === undefined) for (const flow of this.flows) flow.pass(Number.POSITIVE_INFINITY);
    else if (bitsPerSecond > 0) this.timer = setInterval(() => this.tick(bitsPerSecond), tickMs);
  }

  /** Takes the line away. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private connected(near: Socket): void {
    const { hostname: host, port } = this.target;
    const far = createConnection({ host, port: Number(port), localAddress: this.address });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    for (const flow of [new Flow(near, far), new Flow(far, near)]) {
      this.flows.add(flow);
      flow.from.on('data', (data) => {
        if (this.bitsPerSecond !== undefined) flow.keep(data);
        else if (!flow.to.write(data)) flow.from.pause();
      });
      flow.to.on('drain', () => {
        if (this.bitsPerSecond === undefined) flow.from.resume();
      });
      flow.from.on('close', () => this.flows.delete(flow));
    }
    near.resume();
  }

  private tick(bitsPerSecond: number): void {
    let leftBytes = (bitsPerSecond * tickMs) / 8000;
    for (let passed = -1; leftBytes > 0 && passed !== 0; ) {
      passed = 0;
      for (const flow of this.flows) {
        if (leftBytes <= 0) break;
        passed += flow.pass(Math.min(packetBytes, Math.ceil(leftBytes)));
      }
      leftBytes -= passed;
    }
    // Who had to wait this time is first the next.
    const [first] = this.flows;
    if (first !== undefined && this.flows.delete(first)) this.flows.add(first);
  }
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** How often a narrow uplink lets something through: in bursts, as networks do. */
const burstMs = 250;

/** The network between a publisher and the server: it can fall silent, become narrow, or be torn. */
export class Uplink {
  /** The server has closed a connection, or lost it. */
  onServerClosed = () => {};
  private readonly serverPort: number;
  private readonly listener: Server;
  private readonly links = new Set<Link>();
  private readonly timer: NodeJS.Timeout;
  private bytesPerSecond = Number.POSITIVE_INFINITY;
  private silent = false;

  private constructor(serverPort: number) {
    this.serverPort = serverPort;
    this.listener = createServer((publisher) => this.join(publisher));
    this.timer = setInterval(() => this.forward((this.bytesPerSecond * burstMs) / 1000), burstMs);
  }

  static async open(serverPort: number): Promise<Uplink> {
    const uplink = new Uplink(serverPort);
    uplink.listener.listen(0, '127.0.0.1');
    await once(uplink.listener, 'listening');
    return uplink;
  }

  /** Where the publisher connects to. */
  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Nothing gets through, and nobody is told. */
  get isSilent(): boolean {
    return this.silent;
  }

  /** What was sent and is still on its way. */
  get heldBytes(): number {
    return [...this.links].reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  fallSilent(): void {
    this.silent = true;
  }

  /** Goes on with new connections: those that fell silent are gone. */
  heal(): void {
    this.silent = false;
    this.tear();
  }

  /** At most so many bytes a second, in bursts; infinity: as wide as it was. */
  narrow(bytesPerSecond: number): void {
    this.bytesPerSecond = bytesPerSecond;
    this.forward(0);
  }

  /** Both ends get a reset. */
  tear(): void {
    for (const { publisher, server } of this.links) {
      server.resetAndDestroy();
      publisher.resetAndDestroy();
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.tear();
    this.listener.close();
  }

  private join(publisher: Socket): void {
    const server = connect(this.serverPort, '127.0.0.1');
    const link = new Link(publisher, server);
    this.links.add(link);
    for (const socket of [publisher, server]) socket.on('error', () => {}).setNoDelay(true);
    publisher.on('data', (bytes) => {
      if (this.silent) return;
      link.hold(bytes);
      if (this.bytesPerSecond === Number.POSITIVE_INFINITY) link.forward(bytes.length);
    });
    server.on('data', (bytes) => {
      if (!this.silent) publisher.write(bytes);
    });
    publisher.on('close', () => {
      this.links.delete(link);
      if (!this.silent) server.end();
    });
    server.on('close', () => {
      this.onServerClosed();
      if (!this.silent) publisher.destroy();
    });
  }

  private forward(bytes: number): void {
    const isNarrow = this.bytesPerSecond !== Number.POSITIVE_INFINITY;
    for (const link of this.links) if (!this.silent) link.forward(isNarrow ? bytes : link.heldBytes);
  }
}

/** One connection, and what of it is on its way to the server. */
class Link {
  readonly publisher: Socket;
  readonly server: Socket;
  heldBytes = 0;
  private held: Buffer[] = [];

  constructor(publisher: Socket, server: Socket) {
    this.publisher = publisher;
    this.server = server;
  }

  hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
  }

  /** Lets so much of it through. */
  forward(bytes: number): void {
    if (bytes <= 0 || this.heldBytes === 0) return;
    const all = Buffer.concat(this.held);
    const passed = all.subarray(0, bytes);
    this.server.write(passed);
    this.held = [all.subarray(passed.length)];
    this.heldBytes -= passed.length;
  }
}

import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { Child } from './child.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real Redis on a port of its own, which can be killed and started again with what it had on disk. */
export class RedisServer {
  readonly port: number;
  private readonly args: readonly string[];
  private child: Child | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.args = args;
  }

  /** `args`: more of redis-server's options. Every write is on disk before it is acknowledged. */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.startIn(tempDir(), ...args);
    onTestFinished(() => server.kill());
    return server;
  }

  /** With its data in `folder`. Whoever starts it kills it. */
  static async startIn(folder: string, ...args: readonly string[]): Promise<RedisServer> {
    const port = await freePort();
    const disk = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    const server = new RedisServer(port, ['--bind', '127.0.0.1', '--port', String(port), ...disk, ...args]);
    await server.launch();
    return server;
  }

  async launch(): Promise<void> {
    const child = new Child('redis-server', this.args);
    this.child = child;
    await until('redis is ready', () => {
      if (!child.isRunning) throw new Error(`redis ended: ${child.stdout}${child.stderr}`);
      return child.stdout.includes('Ready to accept connections');
    });
  }

  async kill(): Promise<void> {
    await this.child?.stop('SIGKILL');
  }

  /** Freezes it: connections stay open, and nobody answers. */
  pause(): void {
    this.child?.process.kill('SIGSTOP');
  }
}

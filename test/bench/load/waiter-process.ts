import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { ResponseReader } from '../../../src/load/response-reader.ts';

/*
 * Viewers that all ask the same question at the same time, in a process of their own. This file is both ends: forked, it asks;
 * imported, it starts, orders and stops that process.
 */

export interface WaiterOptions {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  /** Asked once by each connection when it is new, and whenever ordered so without another path. */
  readonly path: string;
  /** Told with each request, and different for each process. */
  readonly name: string;
}

/** Times are monotonic ms, the same in all processes of this machine. */
export interface Released {
  readonly answered: number;
  /** When the last question was on the wire. */
  readonly askedMs: number;
  /** The first byte that any of them got, and the end of the answer that came last. */
  readonly firstByteMs: number;
  readonly lastAnswerMs: number;
  /** What the process itself used between the two. */
  readonly cpuMs: number;
  readonly errors: number;
}

type Order = { readonly ask: string } | 'vanish' | 'stop';
type Told = 'connected' | 'asked' | 'vanished' | { readonly released: Released };

/** So many are opened, or ask, between two looks at what comes in. */
const perTurn = 64;
const openEveryMs = 10;
/**
 * Between two looks at what has come. Viewers are elsewhere: here each answer would wake a process that has gone to sleep after the one
 * before, and the server's `write` would pay for waking it. What is measured is late by this, never early.
 */
const restMs = 2;
/** So that on few cores waiters do not push the server aside, which they would not do from elsewhere. */
const priority = 19;
const alarm = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Ends with the bench, also when that is killed: the channel between them closes. */
export class WaiterProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<never>;
  private isStopping = false;

  constructor(options: WaiterOptions) {
    this.child = fork(import.meta.filename, [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.exited = once(this.child, 'exit').then(([code]) => {
      throw new Error(`a process of waiters ended with ${code}`);
    });
    this.exited.catch(() => undefined); // told to whoever waits for something
  }

  /** Each has a connection and its first answer. */
  async connected(signal: AbortSignal): Promise<void> {
    await this.told((told) => (told === 'connected' ? true : undefined), signal);
  }

  /** All ask for `path`; `asked` resolves when they have, `released` when all have their answer or have lost their connection. */
  ask(path: string, signal: AbortSignal): { readonly asked: Promise<true>; readonly released: Promise<Released> } {
    const asked = this.told((told) => (told === 'asked' ? true : undefined), signal);
    const released = this.told((told) => (typeof told === 'object' ? told.released : undefined), signal);
    asked.catch(() => undefined);
    released.catch(() => undefined); // told to whoever awaits it
    this.child.send({ ask: path } satisfies Order);
    return { asked, released };
  }

  /** All leave without a word. */
  async vanish(signal: AbortSignal): Promise<void> {
    const vanished = this.told((told) => (told === 'vanished' ? true : undefined), signal);
    this.child.send('vanish' satisfies Order);
    await vanished;
  }

  async stop(): Promise<void> {
    if (this.isStopping || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.isStopping = true;
    this.child.send('stop' satisfies Order);
    await this.exited.catch(() => undefined);
  }

  private told<T>(read: (told: Told) => T | undefined, signal: AbortSignal): Promise<T> {
    const found = Promise.withResolvers<T>();
    const onMessage = (told: Told) => {
      const value = read(told);
      if (value !== undefined) found.resolve(value);
    };
    const onAbort = () => found.reject(signal.reason);
    signal.throwIfAborted();
    this.child.on('message', onMessage);
    signal.addEventListener('abort', onAbort, { once: true });
    return Promise.race([found.promise, this.exited]).finally(() => {
      this.child.off('message', onMessage);
      signal.removeEventListener('abort', onAbort);
    });
  }
}

/** The waiters of one process. */
class Waiters {
  private readonly options: WaiterOptions;
  private readonly tell: (told: Told) => void;
  private readonly readBuffer = Buffer.alloc(64 * 1024);
  private readonly sockets: (Socket | undefined)[] = [];
  private readonly readers: ResponseReader[] = [];
  /** All are given the same bytes: only the first of them need be read. */
  private lastAnswer = Buffer.alloc(0);
  private waiting = 0;
  private answered = 0;
  private errors = 0;
  private askedMs = 0;
  private firstByteMs = 0;
  private firstByteCpu = process.cpuUsage();
  private lastAnswerMs = 0;
  private isOpening = true;
  private isRestDue = false;

  constructor(options: WaiterOptions, tell: (told: Told) => void) {
    this.options = options;
    this.tell = tell;
    this.open();
  }

  ask(path: string): void {
    this.waiting = this.sockets.filter((socket) => socket !== undefined).length;
    this.answered = 0;
    this.firstByteMs = 0;
    this.askSome(path, 0);
  }

  vanish(): void {
    this.waiting = 0;
    for (const [index, socket] of this.sockets.entries()) {
      this.sockets[index] = undefined;
      socket?.destroy();
    }
    this.tell('vanished');
  }

  private open(): void {
    const { host, port, count, path } = this.options;
    const end = Math.min(count, this.sockets.length + perTurn);
    for (let index = this.sockets.length; index < end; index++) {
      const callback = (bytes: number) => this.onBytes(index, bytes);
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: { buffer: this.readBuffer, callback },
      });
      this.sockets.push(socket);
      this.readers.push(new ResponseReader());
      this.waiting++;
      socket.once('connect', () => this.askOne(index, path));
      socket.on('error', () => this.lost(index));
      socket.on('close', () => this.lost(index));
    }
    if (end < count) setTimeout(() => this.open(), openEveryMs);
    else this.isOpening = false;
  }

  private askSome(path: string, from: number): void {
    const end = Math.min(this.sockets.length, from + perTurn);
    for (let index = from; index < end; index++) this.askOne(index, path);
    if (end < this.sockets.length) {
      setImmediate(() => this.askSome(path, end));
      return;
    }
    this.askedMs = monotonicMs();
    this.tell('asked');
  }

  private askOne(index: number, path: string): void {
    const { host, port, name } = this.options;
    const headers = `Host: ${host}:${port}\r\nUser-Agent: streamctl-bench/${name}-${index}\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br`;
    this.sockets[index]?.write(`GET ${path} HTTP/1.1\r\n${headers}\r\n\r\n`, 'latin1');
  }

  private rest(): void {
    if (this.isRestDue) return;
    this.isRestDue = true;
    setImmediate(() => {
      this.isRestDue = false;
      Atomics.wait(alarm, 0, 0, restMs);
    });
  }

  private onBytes(index: number, count: number): boolean {
    this.rest();
    if (this.firstByteMs === 0) {
      this.firstByteMs = monotonicMs();
      this.firstByteCpu = process.cpuUsage();
    }
    const reader = this.readers[index]!;
    const { lastAnswer } = this;
    if (
      reader.isFresh &&
      lastAnswer.length === count &&
      this.readBuffer.compare(lastAnswer, 0, count, 0, count) === 0
    ) {
      this.answered++;
      this.settle();
      return true;
    }
    const isWhole = reader.isFresh;
    const found = reader.read(this.readBuffer.subarray(0, count), false);
    if (found === 'more') return true;
    if (found === 'malformed' || reader.status !== 200) this.errors++;
    else if (isWhole) this.lastAnswer = Buffer.from(this.readBuffer.subarray(0, count));
    this.answered++;
    this.settle();
    return true;
  }

  private lost(index: number): void {
    if (this.sockets[index] === undefined) return;
    this.sockets[index] = undefined;
    this.errors++;
    this.settle();
  }

  private settle(): void {
    if (--this.waiting > 0) return;
    this.lastAnswerMs = monotonicMs();
    if (this.isOpening) return;
    if (this.askedMs === 0) {
      this.askedMs = this.lastAnswerMs;
      this.tell('connected');
      return;
    }
    const { answered, askedMs, firstByteMs, lastAnswerMs, errors } = this;
    const { user, system } = process.cpuUsage(this.firstByteCpu);
    const cpuMs = (user + system) / 1000;
    this.tell({ released: { answered, askedMs, firstByteMs, lastAnswerMs, cpuMs, errors } });
  }
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function obey(options: WaiterOptions): void {
  setPriority(priority);
  const waiters = new Waiters(options, (told) => process.send?.(told));
  process.once('disconnect', () => process.exit());
  process.on('message', (order: Order) => {
    if (order === 'vanish') waiters.vanish();
    else if (order === 'stop') process.exit();
    else waiters.ask(order.ask);
  });
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  obey(JSON.parse(process.argv[2] ?? '') as WaiterOptions);
}

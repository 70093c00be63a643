import type { MessagePort, Transferable, Worker } from 'node:worker_threads';
import { type ErrorMessage, errorFromMessage, errorToMessage } from './error-message.ts';

/** What one side can be asked: arguments and results are plain data, or memory that is shared. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters of any method are to fit
export type Methods = { readonly [name: string]: (...args: any[]) => unknown };

type LinkMessage =
  | { readonly call: string; readonly args: readonly unknown[]; readonly id?: number }
  | { readonly answer: number; readonly result?: unknown; readonly error?: ErrorMessage };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls and notices between two threads, in both directions and in order. */
export class ThreadLink<Remote extends Methods> {
  /** When the other side last said anything; it is taken to be there at first. */
  heardAtMs = performance.now();
  private readonly port: Pick<MessagePort | Worker, 'postMessage'>;
  private readonly local: Methods;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  /** `local`: what the other side may ask of this one. */
  constructor(port: MessagePort | Worker, local: Methods) {
    this.port = port;
    this.local = local;
    (port as MessagePort).on('message', (message: LinkMessage) => this.receive(message));
  }

  /** Asks and waits. Rejects with the error that the other side threw, or with that of `break`. */
  call<Name extends keyof Remote & string>(
    name: Name,
    ...args: Parameters<Remote[Name]>
  ): Promise<Awaited<ReturnType<Remote[Name]>>> {
    return this.callWith([], name, ...args);
  }

  /** The same, and hands over what is among the arguments and can only be in one place. */
  callWith<Name extends keyof Remote & string>(
    transfer: readonly Transferable[],
    name: Name,
    ...args: Parameters<Remote[Name]>
  ): Promise<Awaited<ReturnType<Remote[Name]>>> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.send({ call: name, args, id }, transfer);
    });
  }

  /** Says something that needs no answer. */
  tell<Name extends keyof Remote & string>(name: Name, ...args: Parameters<Remote[Name]>): void {
    this.send({ call: name, args });
  }

  /** The same, and hands over what can only be in one place. */
  tellWith<Name extends keyof Remote & string>(
    transfer: readonly Transferable[],
    name: Name,
    ...args: Parameters<Remote[Name]>
  ): void {
    this.send({ call: name, args }, transfer);
  }

  /** The other side is gone: calls under way fail. Gives their number. */
  break(error: Error): number {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(error);
    return lost.length;
  }

  private receive(message: LinkMessage): void {
    this.heardAtMs = performance.now();
    if ('answer' in message) {
      const waiting = this.waiting.get(message.answer);
      this.waiting.delete(message.answer);
      if (message.error === undefined) waiting?.resolve(message.result);
      else waiting?.reject(errorFromMessage(message.error));
      return;
    }
    const { call, args, id } = message;
    const method = this.local[call];
    if (method === undefined) throw new Error(`this thread has no ${call}`);
    if (id === undefined) {
      method(...args);
      return;
    }
    new Promise((resolve) => resolve(method(...args))).then(
      (result) => this.send({ answer: id, result }),
      (error: unknown) => this.send({ answer: id, error: errorToMessage(error) }),
    );
  }

  private send(message: LinkMessage, transfer: readonly Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}

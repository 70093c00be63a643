import { type ChildProcess, fork } from 'node:child_process';
import { connect } from 'node:net';
import { randomBase32 } from '../../src/contract/names.ts';
import type { Distribution } from '../../src/load/latency-histogram.ts';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.ts';
import { writeCommand } from '../../src/rtmp/command.ts';
import { handshakeBlockBytes } from '../../src/rtmp/handshake.ts';
import { messageType } from '../../src/rtmp/message.ts';
import { distributionOf, rounded } from './percentiles.ts';

/*
 * Somebody who tries keys over RTMP, in a process of its own: each attempt is a connection, the cheapest that comes to an answer. This
 * file is both ends: forked, it guesses; imported, it starts and stops that process.
 */

interface Orders {
  readonly port: number;
  readonly attemptsPerSecond: number;
}

export interface GuessReport {
  readonly attempts: number;
  /** Refused in words. */
  readonly answered: number;
  /** Closed without any, or not even taken. */
  readonly unanswered: number;
  /** From the connection to the refusal, ms. */
  readonly answer_ms: Distribution | undefined;
}

/** What a publisher says up to its key, all at once: nobody waits for answers that say nothing. */
export function introduction(key: string): Buffer {
  const writer = new ChunkWriter();
  const command = (name: string, transactionId: number, values: readonly (string | null | Record<string, string>)[]) =>
    writer.write({
      chunkStreamId: name === 'publish' ? 4 : 3,
      typeId: messageType.amf0Command,
      streamId: name === 'publish' ? 1 : 0,
      timestampMs: 0,
      payload: writeCommand({ name, transactionId, values }),
    });
  return Buffer.concat([
    Buffer.from([3]), // C0, C1 and C2 of zeros: the simple handshake (RTMP 1.0 §5.2)
    Buffer.alloc(2 * handshakeBlockBytes),
    command('connect', 1, [{ app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }]),
    command('createStream', 2, [null]),
    command('publish', 3, [null, key, 'live']),
  ]);
}

/** One attempt; resolves with how long it took until the refusal, ms, or undefined where there was none. */
export function attempt(port: number, key: string, localAddress?: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const beganMs = performance.now();
    const socket = connect({ port, host: '127.0.0.1', ...(localAddress !== undefined && { localAddress }) });
    let answeredMs: number | undefined;
    socket.setNoDelay(true);
    socket.once('connect', () => socket.write(introduction(key)));
    socket.on('data', (bytes) => {
      if (answeredMs !== undefined || !bytes.includes('NetStream.Publish')) return;
      answeredMs = performance.now() - beganMs;
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answeredMs));
  });
}

export class KeyGuesser {
  private readonly child: ChildProcess;
  private readonly report = Promise.withResolvers<GuessReport>();

  constructor(orders: Orders) {
    this.child = fork(import.meta.filename, [JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (message: GuessReport) => this.report.resolve(message));
    this.child.once('exit', (code) => this.report.reject(new Error(`the guesser ended with ${code}`)));
    this.report.promise.catch(() => undefined); // told to whoever calls stop()
  }

  async stop(): Promise<GuessReport> {
    if (this.child.connected) this.child.send('stop');
    try {
      return await this.report.promise;
    } finally {
      this.child.kill();
    }
  }
}

/** Nobody else's: what happens to it happens to no publisher of the bench. */
const guessersAddress = '127.66.0.1';
/** More at once tell nothing more, and run out of ports. */
const maxUnderWay = 5000;
const tickMs = 10;

function guess({ port, attemptsPerSecond }: Orders): void {
  let attempts = 0;
  let underWay = 0;
  let unanswered = 0;
  const answersMs: number[] = [];
  const beganMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - beganMs) / 1000) * attemptsPerSecond) - attempts;
    for (let count = 0; count < due && underWay < maxUnderWay; count++) {
      attempts++;
      underWay++;
      void attempt(port, `sk_${randomBase32(10)}_${randomBase32(32)}`, guessersAddress).then((answerMs) => {
        underWay--;
        if (answerMs === undefined) unanswered++;
        else answersMs.push(answerMs);
      });
    }
  }, tickMs);
  process.once('message', () => {
    clearInterval(timer);
    const distribution = distributionOf(answersMs);
    const report: GuessReport = {
      attempts,
      answered: answersMs.length,
      unanswered,
      answer_ms: distribution && rounded(distribution),
    };
    process.send?.(report, () => process.disconnect());
  });
  process.once('disconnect', () => process.exit());
}

const [orders] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && orders !== undefined) guess(JSON.parse(orders) as Orders);

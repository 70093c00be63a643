import { ApiClient } from '../client/api-client.ts';
import { httpFetch } from '../client/http-fetch.ts';
import { followLiveMetrics, type LiveServer, type LiveUpdate } from '../client/live-metrics.ts';
import { unixFetch } from '../client/unix-fetch.ts';
import { topFrame } from '../tui/frame.ts';
import { plainFrame } from '../tui/plain-frame.ts';
import { canDraw, terminalStyle } from '../tui/terminal-style.ts';
import { firstState, receive } from '../tui/top-state.ts';

export interface TopOptions {
  readonly server: LiveServer;
  /** One frame and no more. */
  readonly once: boolean;
  readonly json: boolean;
}

/** Of a frame that goes into a pipe. */
const plainWidth = 120;
/** With 128 they are what a shell says of a program that a signal has ended. */
const endSignals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

/** The dashboard on a terminal; into a pipe one frame; with `json` a snapshot a line. Throws what keeps it from the server. */
export async function top(options: TopOptions): Promise<void> {
  const end = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    process.exitCode = 128 + endSignals[name as keyof typeof endSignals];
    end.abort();
  };
  for (const name of Object.keys(endSignals)) process.on(name, onSignal);
  // The terminal or the reader of the pipe has gone: there is nobody left to tell.
  process.stdout.once('error', () => end.abort());
  try {
    await run(options, end.signal);
  } finally {
    end.abort();
    for (const name of Object.keys(endSignals)) process.off(name, onSignal);
  }
}

async function run({ server, once, json }: TopOptions, signal: AbortSignal): Promise<void> {
  const { env, stdin, stdout } = process;
  const updates = followLiveMetrics(server, signal);
  if (json) return await printLines(updates, once);
  const style = terminalStyle(env, stdout.isTTY);
  if (once || !canDraw(env, stdout.isTTY && stdin.isTTY)) {
    for await (const update of updates) {
      if (update.kind !== 'snapshot') continue;
      const size = { width: stdout.columns ?? plainWidth, height: Number.POSITIVE_INFINITY };
      stdout.write(`${plainFrame(topFrame(receive(firstState, update), size, Date.now()), size.width, style)}\n`);
      return;
    }
    return;
  }
  const { TopSession } = await import('../tui/top-session.ts');
  const client = new ApiClient('socketPath' in server ? unixFetch(server.socketPath) : httpFetch(server));
  // Before the screen is there: who cannot be let in reads why on the terminal as it was.
  const first = await updates.next();
  if (first.done === true) return;
  const session = new TopSession({
    updates: startingWith(first.value, updates),
    client,
    style,
    env,
    write: (text) => stdout.write(text),
    suspend: () => process.kill(process.pid, 'SIGTSTP'),
  });
  const onContinued = () => session.continued();
  process.on('SIGCONT', onContinued);
  try {
    await session.run(signal);
  } finally {
    process.off('SIGCONT', onContinued);
  }
}

async function* startingWith(first: LiveUpdate, rest: AsyncIterable<LiveUpdate>): AsyncGenerator<LiveUpdate> {
  yield first;
  yield* rest;
}

async function printLines(updates: AsyncIterable<LiveUpdate>, once: boolean): Promise<void> {
  for await (const update of updates) {
    if (update.kind === 'gone') {
      const seconds = Math.ceil((update.retryAtMs - Date.now()) / 1000);
      process.stderr.write(`server gone, trying again in ${seconds} s (${update.why})\n`);
    }
    if (update.kind !== 'snapshot') continue;
    process.stdout.write(`${JSON.stringify(update.node)}\n`);
    if (once) return;
  }
}

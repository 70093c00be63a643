import type { ApiClient } from '../client/api-client.ts';
import type { LiveUpdate } from '../client/live-metrics.ts';
import { topFrame } from './frame.ts';
import type { TerminalStyle } from './line.ts';
import { clipboardSequence } from './osc52.ts';
import { press, type TopEffect } from './top-keys.ts';
import { TopScreen } from './top-screen.ts';
import { firstState, receive, type TopState } from './top-state.ts';

export interface TopSessionOptions {
  readonly updates: AsyncIterable<LiveUpdate>;
  readonly client: Pick<ApiClient, 'showStream' | 'stopStream'>;
  readonly style: TerminalStyle;
  readonly env: { readonly TMUX?: string; readonly STY?: string };
  /** Raw, to the terminal. */
  readonly write: (text: string) => void;
  /** Stops this process as Ctrl-Z does, until somebody continues it. */
  readonly suspend: () => void;
}

const noticeMs = 8000;

/** The dashboard at work: what comes in and what is pressed changes the state, and the state is what is drawn. */
export class TopSession {
  private readonly options: TopSessionOptions;
  private state: TopState = firstState;
  private screen: TopScreen | undefined;
  private quit = () => {};

  constructor(options: TopSessionOptions) {
    this.options = options;
  }

  /** Resolves when somebody quits or the signal aborts; rejects where the server refuses. The terminal is given back in any case. */
  async run(signal: AbortSignal): Promise<void> {
    const end = new Promise<void>((resolve) => {
      this.quit = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    // The seconds until the next try count down, and what was just said goes away.
    const ticks = setInterval(() => this.tick(), 1000);
    try {
      this.open();
      await Promise.race([end, this.follow()]);
    } finally {
      clearInterval(ticks);
      this.close();
    }
  }

  /** To be called when the process was stopped and goes on: whoever had the terminal meanwhile has left it as they like it. */
  continued(): void {
    this.close();
    this.open();
  }

  private async follow(): Promise<void> {
    for await (const update of this.options.updates) {
      this.state = receive(this.state, update);
      if (update.kind !== 'notice') this.draw();
    }
  }

  private open(): void {
    const { style } = this.options;
    this.screen = new TopScreen({ style, onKey: (key) => this.pressed(key), onResize: () => this.draw() });
    this.draw();
  }

  private close(): void {
    this.screen?.close();
    this.screen = undefined;
  }

  private draw(): void {
    if (this.screen === undefined) return;
    this.screen.draw(topFrame(this.state, this.screen.size, Date.now()));
  }

  private tick(): void {
    const { gone, notice } = this.state;
    if (notice !== null && Date.now() >= notice.untilMs) this.state = { ...this.state, notice: null };
    if (gone !== null || notice !== null) this.draw();
  }

  private pressed(key: string): void {
    if (key === 'C-z') {
      this.close();
      this.options.suspend();
      return;
    }
    const { state, effect } = press(this.state, key);
    this.state = state;
    if (effect !== undefined) void this.act(effect).catch((error: Error) => this.say(error.message));
    this.draw();
  }

  private async act(effect: TopEffect): Promise<void> {
    const { client, env, write } = this.options;
    switch (effect.kind) {
      case 'quit':
        this.quit();
        return;
      case 'stop':
        this.say(`Stopping ${effect.channel} …`);
        await client.stopStream(effect.streamId);
        this.say(`Stopped ${effect.channel}.`);
        return;
      case 'copy-link': {
        const { watch } = (await client.showStream(effect.channel)).playback;
        write(clipboardSequence(watch, env));
        this.say(`Copied: ${watch}`);
      }
    }
  }

  private say(text: string): void {
    this.state = { ...this.state, notice: { text, untilMs: Date.now() + noticeMs } };
    this.draw();
  }
}

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { run } from './child.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

export interface TmuxOptions {
  readonly width: number;
  readonly height: number;
  /** Beside what tmux itself sets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A real terminal with a shell in it, seen from outside: tmux with a server and a configuration of its own. */
export class Tmux {
  private readonly socket: string;
  private readonly removeFolder: () => Promise<void>;

  private constructor(socket: string, removeFolder: () => Promise<void>) {
    this.socket = socket;
    this.removeFolder = removeFolder;
  }

  /** Runs `script` with sh in it; the terminal stays when that has ended. */
  static async start(script: string, { width, height, env = {} }: TmuxOptions): Promise<Tmux> {
    const folder = await temporaryFolder('tmux');
    const tmux = new Tmux(`${folder.path}/${randomUUID().slice(0, 8)}`, folder.remove);
    const variables = Object.entries({ LANG: 'C.UTF-8', ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    await tmux.tell(
      ...['start-server', ';', 'set', '-g', 'set-clipboard', 'on', ';', 'set', '-g', 'default-shell', '/bin/sh', ';'],
      ...['new-session', '-d', '-x', String(width), '-y', String(height), ...variables, `${script}\nexec sleep 1000`],
    );
    return tmux;
  }

  /** What is on the screen, line by line; with the codes of colours where `codes` asks for them. */
  async screen({ codes = false } = {}): Promise<string> {
    return await this.tell('capture-pane', '-p', ...(codes ? ['-e'] : []));
  }

  /** Waits until the screen says something, and gives all of it. */
  async shows(words: string | RegExp, timeoutMs = 20_000): Promise<string> {
    let last = '';
    const found = until(
      `the terminal shows ${words}`,
      async () => {
        last = await this.screen();
        const isThere = typeof words === 'string' ? last.includes(words) : words.test(last);
        return isThere ? last : undefined;
      },
      timeoutMs,
    );
    return await found.catch((error: Error) => {
      throw new Error(`${error.message}; it shows\n${last}`);
    });
  }

  /** By tmux's names: `Enter`, `Escape`, `C-c`, `j`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.tell('send-keys', ...keys);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.tell('resize-window', '-x', String(width), '-y', String(height));
  }

  /** What a program has put into the clipboard. */
  async clipboard(): Promise<string> {
    return await this.tell('show-buffer');
  }

  /** What of a terminal a program may leave behind: the alternate screen, a hidden cursor, modes of keys and mouse. */
  async modes(): Promise<string> {
    const names = ['alternate_on', 'cursor_flag', 'keypad_cursor_flag', 'keypad_flag', 'mouse_any_flag'];
    return (await this.tell('display-message', '-p', names.map((name) => `${name}=#{${name}}`).join(' '))).trim();
  }

  /** Of the program that the shell runs now. */
  async programId(): Promise<number> {
    const shell = (await this.tell('display-message', '-p', '#{pane_pid}')).trim();
    return await until('the shell runs a program', () => {
      const [child] = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
      return child !== undefined && child !== '' && Number(child);
    });
  }

  async stop(): Promise<void> {
    await this.tell('kill-server').catch(() => {});
    await this.removeFolder();
  }

  private async tell(...args: readonly string[]): Promise<string> {
    const { TMUX: _, ...env } = process.env;
    const { code, stdout, stderr } = await run('tmux', ['-S', this.socket, '-f', '/dev/null', ...args], { env });
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserPlay, BrowserPlayers, CmcdSettings, Engine } from '../support/players/browser-players.ts';
import type { PlayLogView } from '../support/players/play-log.ts';
import { ViewerNetwork } from '../support/players/viewer-network.ts';
import { until } from '../support/until.ts';
import { channel, heights } from './sessions-broadcast.ts';
import { type LedgerEntry, ledgerOf } from './sessions-ledger.ts';
import type { Leaving, SessionPlayer, SessionScript, Telling } from './sessions-script.ts';

const engines: Readonly<Record<Exclude<SessionPlayer, 'watch-page'>, readonly [Engine, path: string]>> = {
  'hls.js': ['hls.js', `/hls/${channel}/index.m3u8`],
  'shaka-hls': ['shaka', `/hls/${channel}/index.m3u8`],
  'shaka-dash': ['shaka', `/dash/${channel}/manifest.mpd`],
  'dash.js': ['dash.js', `/dash/${channel}/manifest.mpd`],
  native: ['native', `/hls/${channel}/index.m3u8`],
};
const startPatienceMs = 40_000;

/** One viewer, as its script has it. */
export class ScriptedViewer {
  readonly script: SessionScript;
  readonly number: number;
  readonly address: string;
  /** Set when it has left. */
  entry: LedgerEntry | undefined;
  /** Its own account as it was kept. */
  log: PlayLogView | undefined;
  wishedAtMs: number | undefined;
  /** The picture moves, as far as that is known here. */
  playsSinceMs: number | undefined;
  /** When nothing came through to it. */
  readonly cuts: { readonly fromMs: number; toMs: number }[] = [];
  private readonly network: ViewerNetwork;
  private play: BrowserPlay | undefined;

  private constructor(number: number, script: SessionScript, address: string, network: ViewerNetwork) {
    this.number = number;
    this.script = script;
    this.address = address;
    this.network = network;
  }

  /** It will come to `target` from `address`. */
  static async of(number: number, script: SessionScript, address: string, target: string): Promise<ScriptedViewer> {
    return new ScriptedViewer(number, script, address, await ViewerNetwork.open(target, address));
  }

  /** From the wish to watch to the goodbye. */
  async run(players: BrowserPlayers, signal: AbortSignal): Promise<LedgerEntry> {
    const { network, watchSeconds } = this.script;
    await delay(this.script.joinSeconds * 1000, undefined, { signal });
    this.wishedAtMs = Date.now();
    const play = await this.open(players);
    this.play = play;
    const isPlaying = async () => (await play.log()).movedAtMs !== undefined;
    await until(`${this.name} plays`, isPlaying, startPatienceMs).catch(() => undefined);
    this.playsSinceMs = Date.now();
    const beganMs = performance.now();
    const reach = (seconds: number) => {
      return delay(Math.max(0, beganMs + seconds * 1000 - performance.now()), undefined, { signal });
    };
    for (const { atSeconds, kbps } of network) {
      await reach(atSeconds);
      this.limit(kbps);
    }
    await reach(watchSeconds);
    const { number, address } = this;
    const { player, telling, leaving } = this.script;
    if (leaving === 'vanished') this.limit(0);
    const log = await play.log();
    await leave(play, leaving);
    this.log = log;
    this.entry = { number, player, telling, leaving, address, goneAtMs: Date.now(), ...ledgerOf(log, heights) };
    return this.entry;
  }

  private limit(kbps: number | null): void {
    this.network.limit(kbps === null ? undefined : kbps * 1000);
    if (kbps === 0) this.cuts.push({ fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY });
    else if (this.cuts.length > 0) this.cuts.at(-1)!.toMs = Math.min(this.cuts.at(-1)!.toMs, Date.now());
  }

  get name(): string {
    const { player, telling } = this.script;
    return `${this.number} ${player} (${telling})`;
  }

  /** It tells the server that it goes. */
  get saysGoodbye(): boolean {
    const { telling, leaving } = this.script;
    return telling === 'reports' && (leaving === 'closed' || leaving === 'navigated');
  }

  /** Takes away what is left of it. */
  async close(): Promise<void> {
    await this.network.close();
    await this.play?.close().catch(() => undefined);
  }

  private open(players: BrowserPlayers): Promise<BrowserPlay> {
    const { player, telling } = this.script;
    if (player === 'watch-page') return players.watch(`${this.network.url}/watch/${channel}`);
    const [engine, path] = engines[player];
    return players.start(engine, `${this.network.url}${path}`, this.settings(telling), { isConfined: false });
  }

  private settings(telling: Telling): CmcdSettings | undefined {
    if (telling === 'nothing' || telling === 'reports') return undefined;
    const common = { sessionId: `scripted-viewer-${this.number}`, contentId: channel };
    if (telling === 'events') {
      return { ...common, version: 2, useHeaders: false, eventUrl: `${this.network.url}/cmcd` };
    }
    return { ...common, version: 1, useHeaders: telling === 'headers' };
  }
}

async function leave(play: BrowserPlay, leaving: Leaving): Promise<void> {
  if (leaving === 'navigated') {
    await play.page.goto('about:blank');
  } else if (leaving === 'killed') {
    // The debugger hears no answer from what has died.
    const debug = await play.page.context().newCDPSession(play.page);
    await Promise.race([debug.send('Page.crash').catch(() => undefined), delay(1000)]);
  } else {
    await play.close();
  }
}

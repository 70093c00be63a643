import { formatBitrate, formatLatency } from './format.ts';
import { type PageState, stateTexts } from './page-state.ts';
import type { Quality } from './player.ts';
import type { QualityHistory, SwitchReason } from './quality-history.ts';

const shownSwitches = 12;

const reasonTexts: Readonly<Record<SwitchReason, string>> = {
  startup: 'at the start',
  bandwidth: 'to fit the network',
  buffer: 'to keep playing',
  'dropped-frames': 'to fit this device',
  'player-size': 'to fit the player',
  error: 'after an error',
  manual: 'your choice',
};

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} called "${id}"`);
  return found;
}

/** The page's elements by name, and how facts are shown in them. Decides nothing. */
export class PageView {
  readonly stage = element('stage', HTMLElement);
  readonly video = element('video', HTMLVideoElement);
  readonly play = element('play', HTMLButtonElement);
  readonly mute = element('mute', HTMLButtonElement);
  readonly volume = element('volume', HTMLInputElement);
  readonly live = element('live', HTMLButtonElement);
  readonly quality = element('quality', HTMLSelectElement);
  readonly fullscreen = element('fullscreen', HTMLButtonElement);
  readonly unmute = element('unmute', HTMLButtonElement);
  readonly copy = element('copy', HTMLButtonElement);
  private readonly name = element('name', HTMLElement);
  private readonly badge = element('badge', HTMLElement);
  private readonly card = element('card', HTMLElement);
  private readonly cardTitle = element('card-title', HTMLElement);
  private readonly cardText = element('card-text', HTMLElement);
  private readonly latency = element('latency', HTMLElement);
  private readonly playingQuality = element('playing-quality', HTMLElement);
  private readonly bitrate = element('bitrate', HTMLElement);
  private readonly history = element('history', HTMLElement);
  private readonly historyCount = element('history-count', HTMLElement);
  private readonly historyList = element('history-list', HTMLElement);

  showName(name: string): void {
    this.name.textContent = name;
    document.title = `${name} · live`;
  }

  /** Until the picture moves, or where it cannot; looked for again with each call. */
  showPoster(url: string): void {
    this.video.poster = url;
  }

  showState(state: PageState): void {
    const { badge, title, text } = stateTexts[state];
    if (document.body.dataset.state === state) return;
    document.body.dataset.state = state;
    this.badge.textContent = badge;
    this.card.hidden = title === undefined;
    this.cardTitle.textContent = title ?? '';
    this.cardText.textContent = text ?? '';
  }

  /** The picture stands although it should move. */
  showBuffering(isBuffering: boolean): void {
    this.stage.dataset.buffering = String(isBuffering);
  }

  get isBuffering(): boolean {
    return this.stage.dataset.buffering === 'true';
  }

  showFacts(
    latencySeconds: number | undefined,
    qualityLabel: string | undefined,
    bitrateBps: number | undefined,
  ): void {
    this.latency.textContent = latencySeconds === undefined ? '–' : formatLatency(latencySeconds);
    this.playingQuality.textContent = qualityLabel ?? '–';
    this.bitrate.textContent = bitrateBps === undefined ? '–' : formatBitrate(bitrateBps);
    const [automatic] = this.quality.options;
    if (automatic !== undefined) {
      automatic.textContent = qualityLabel === undefined || !this.isAutomatic ? 'Auto' : `Auto · ${qualityLabel}`;
    }
  }

  /** Offers the qualities; with one there is nothing to choose. */
  showQualities(qualities: readonly Quality[]): void {
    const options = qualities.map(({ index, label }) => new Option(label, String(index)));
    this.quality.replaceChildren(new Option('Auto', ''), ...options);
    this.quality.hidden = qualities.length < 2;
  }

  /** The newest switches first; the first quality alone is no switch. */
  showHistory({ switches, count }: QualityHistory): void {
    this.history.hidden = count < 2;
    this.historyCount.textContent = String(count - 1);
    const items = switches
      .slice(-shownSwitches)
      .reverse()
      .map(({ atMs, rendition, reason }) => {
        const item = document.createElement('li');
        const time = document.createElement('time');
        time.dateTime = new Date(atMs).toISOString();
        time.textContent = new Date(atMs).toLocaleTimeString();
        const quality = document.createElement('b');
        quality.textContent = rendition;
        const why = document.createElement('span');
        why.textContent = reasonTexts[reason];
        item.append(time, quality, why);
        return item;
      });
    this.historyList.replaceChildren(...items);
  }

  showBehindLive(isBehind: boolean): void {
    this.live.dataset.behind = String(isBehind);
    this.live.title = isBehind ? 'Go to live' : 'You are watching live';
  }

  /** Mirrors what the video element does, however it came to do it. */
  showPlayback(): void {
    const { paused, muted, volume } = this.video;
    const isSilent = muted || volume === 0;
    this.play.dataset.icon = paused ? 'play' : 'pause';
    this.play.setAttribute('aria-label', paused ? 'Play' : 'Pause');
    this.mute.dataset.icon = isSilent ? 'muted' : 'sound';
    this.mute.setAttribute('aria-label', isSilent ? 'Unmute' : 'Mute');
    this.volume.value = String(isSilent ? 0 : Math.round(volume * 100));
    if (!isSilent) this.unmute.hidden = true;
  }

  private get isAutomatic(): boolean {
    return this.quality.value === '';
  }
}

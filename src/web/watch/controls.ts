import type { PageView } from './page-view.ts';
import type { Player } from './player.ts';

const volumeStep = 0.1;
const hideControlsAfterMs = 3000;
const copiedShownMs = 2000;

/** Wires buttons, keys and pointer to the video and to whichever player is current. Lives as long as the page. */
export function attachControls(view: PageView, shareUrl: string, currentPlayer: () => Player | undefined): void {
  const { video } = view;

  const togglePlay = () => {
    if (!video.paused) return video.pause();
    // Whoever paused wants to be live again, not where they left.
    currentPlayer()?.seekToLive();
    video.play().catch(() => view.showPlayback());
  };
  const setVolume = (volume: number) => {
    video.volume = Math.min(1, Math.max(0, volume));
    video.muted = video.volume === 0;
  };
  const toggleMute = () => {
    if (video.muted || video.volume === 0) setVolume(video.volume || 1);
    else video.muted = true;
  };
  const toggleFullscreen = () => {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else if (view.stage.requestFullscreen !== undefined) void view.stage.requestFullscreen();
    else (video as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.(); // iPhone: only the video itself
  };

  view.play.addEventListener('click', togglePlay);
  view.mute.addEventListener('click', toggleMute);
  view.unmute.addEventListener('click', () => setVolume(video.volume || 1));
  view.volume.addEventListener('input', () => setVolume(Number(view.volume.value) / 100));
  view.live.addEventListener('click', () => {
    currentPlayer()?.seekToLive();
    video.play().catch(() => view.showPlayback());
  });
  view.quality.addEventListener('change', () => {
    const { value } = view.quality;
    currentPlayer()?.select(value === '' ? undefined : Number(value));
  });
  view.fullscreen.addEventListener('click', toggleFullscreen);
  view.copy.addEventListener('click', () => void copyLink(view, shareUrl));
  video.addEventListener('dblclick', toggleFullscreen);
  for (const event of ['play', 'pause', 'volumechange']) video.addEventListener(event, () => view.showPlayback());
  view.showPlayback();

  const keys: Readonly<Record<string, () => void>> = {
    ' ': togglePlay,
    k: togglePlay,
    m: toggleMute,
    f: toggleFullscreen,
    l: () => view.live.click(),
    ArrowUp: () => setVolume(video.volume + volumeStep),
    ArrowDown: () => setVolume(video.volume - volumeStep),
  };
  document.addEventListener('keydown', (event) => {
    // A focused control keeps its own keys: space presses a button, arrows move a slider.
    const isPageFocused = event.target === document.body || event.target === view.stage;
    if (event.ctrlKey || event.metaKey || event.altKey || !isPageFocused) return;
    const action = keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  hideControlsWhenIdle(view);
}

async function copyLink(view: PageView, shareUrl: string): Promise<void> {
  const label = view.copy.textContent;
  try {
    await navigator.clipboard.writeText(shareUrl);
    view.copy.textContent = 'Link copied';
  } catch {
    view.copy.textContent = shareUrl; // without permission (plain http): to be selected by hand
    return;
  }
  setTimeout(() => {
    view.copy.textContent = label;
  }, copiedShownMs);
}

/** Controls leave the picture alone while the pointer rests; the keyboard's focus keeps them (in the style sheet). */
function hideControlsWhenIdle(view: PageView): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wake = () => {
    view.stage.dataset.idle = 'false';
    clearTimeout(timer);
    timer = setTimeout(() => {
      view.stage.dataset.idle = 'true';
    }, hideControlsAfterMs);
  };
  for (const event of ['pointermove', 'pointerdown', 'focusin', 'keydown']) view.stage.addEventListener(event, wake);
  wake();
}

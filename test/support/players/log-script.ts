/** Runs inside Chromium before anything of the page does: keeps the log of a page that plays by itself. */
import { PlayLog } from './play-log.ts';

document.addEventListener('readystatechange', () => {
  const video = document.querySelector('video');
  if (document.readyState !== 'interactive' || video === null) return;
  // Who opens a page that plays wishes to watch from then on.
  const log = new PlayLog(video, performance.timeOrigin);
  window.playLog = () => log.view();
});

/** Runs inside Chromium, on a page that plays by itself. */
import { PlayMeter } from './play-meter.ts';

const video = document.querySelector('video');
if (video === null) throw new Error('no video element');
const meter = new PlayMeter(video);
window.playReport = () => meter.report();

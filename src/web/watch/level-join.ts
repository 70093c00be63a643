import type Hls from 'hls.js';
import type { LevelDetails } from 'hls.js';

/** Where one quality ends and the other begins, their times differ by what rounding leaves. */
const roundingSeconds = 0.01;

/**
 * Lets hls.js go on in another quality where the buffer ends. Left to itself it loads the newest whole segment of it first, to learn
 * its times, though that one is buffered already: two seconds of media, just when the network has become slow. Our qualities have
 * the same times, to which hls.js has aligned `details` by EXT-X-PROGRAM-DATE-TIME.
 */
export function joinAtBufferEnd(hls: Hls, details: LevelDetails): void {
  const isSwitch = (hls.mainForwardBufferInfo?.len ?? 0) > 0;
  if (details.PTSKnown || !details.live || !details.hasProgramDateTime || !isSwitch) return;
  details.PTSKnown = true;
  for (const fragment of details.fragments) fragment.setStart(fragment.start - roundingSeconds);
  details.fragmentHint?.setStart(details.fragmentHint.start - roundingSeconds);
}

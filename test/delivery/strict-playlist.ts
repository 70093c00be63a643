import assert from 'node:assert/strict';
import type { types } from 'hls-parser';
import HLS from 'hls-parser';

HLS.setOptions({ strictMode: true });

export function parseMultivariant(text: string): types.MasterPlaylist {
  checkText(text);
  const playlist = HLS.parse(text);
  assert(playlist.isMasterPlaylist);
  return playlist as types.MasterPlaylist;
}

/** A media playlist that keeps the rules which the parser checks, and those it does not. */
export function parseMedia(text: string): types.MediaPlaylist {
  checkText(text);
  const parsed = HLS.parse(text);
  assert(!parsed.isMasterPlaylist);
  const playlist = parsed as types.MediaPlaylist;
  const control = playlist.lowLatencyCompatibility;
  if (control !== undefined) {
    assert((control.partHoldBack ?? 0) >= 3 * (playlist.partTargetDuration ?? 0), 'PART-HOLD-BACK');
    assert((control.holdBack ?? 0) >= 3 * playlist.targetDuration, 'HOLD-BACK');
    assert((control.canSkipUntil ?? 0) >= 6 * playlist.targetDuration, 'CAN-SKIP-UNTIL');
  }
  assert(/^#EXT-X-DISCONTINUITY-SEQUENCE:\d+$/m.test(text), 'DISCONTINUITY-SEQUENCE');
  assert.equal(text.match(/^#EXT-X-VERSION:/gm)?.length, 1, 'one EXT-X-VERSION');
  const skip = text.indexOf('#EXT-X-SKIP');
  if (skip >= 0) assert(text.indexOf('#EXT-X-DISCONTINUITY-SEQUENCE') < skip, 'DISCONTINUITY-SEQUENCE before SKIP');
  assert((playlist.mediaSequenceBase ?? 0) >= 1, 'MEDIA-SEQUENCE');
  return playlist;
}

function checkText(text: string): void {
  assert(text.startsWith('#EXTM3U\n'), 'EXTM3U first');
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    assert(code === 10 || (code > 31 && (code < 127 || code > 159)), `control character ${code}`);
  }
}

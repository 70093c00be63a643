import type { HlsConfig } from '../config/schema.ts';
import type { PackagerNotice } from '../packager/packager.ts';

/** What the packager has to say, for the broadcaster. */
export function noticeSentence(notice: PackagerNotice, hls: HlsConfig): string {
  const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
  const advice = `In OBS: Settings, Output, Advanced, Keyframe Interval: ${Math.round(hls.segmentMs / 1000)} s.`;
  switch (notice.type) {
    case 'long-gop':
      return Number.isFinite(notice.gopMs)
        ? `Keyframes come only every ${seconds(notice.gopMs)}, so segments are that long and viewers are far behind. ${advice}`
        : `No keyframe came for ${seconds(hls.maxGopMs)}, so segments are cut without one and viewers start late. ${advice}`;
    case 'forced-cut':
      return `Keyframes are further apart than segments may be long, so some segments do not begin with one. ${advice}`;
  }
}

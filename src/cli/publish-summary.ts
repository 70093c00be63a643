import { isStreamctlError } from '../base/errors.ts';
import type { GroupFailure, GroupStats } from '../publisher/publisher-group.ts';

/** What `publish --json` answers. `url` has no key in it. */
export function publishSummary(url: string, stats: GroupStats, failures: readonly GroupFailure[]) {
  return {
    url,
    publishers: stats.publishers,
    lost: failures.length,
    seconds: stats.mediaMs / 1000,
    video_frames: stats.videoFrames,
    bytes: stats.bytes,
    reconnects: stats.reconnects,
    max_late_ms: Math.round(stats.maxLateMs * 10) / 10,
    failures: failures.map(({ publisher, error }) => ({
      publisher,
      code: isStreamctlError(error) ? error.code : 'UNEXPECTED',
      detail: error.message,
      exit_code: isStreamctlError(error) ? error.exitCode : 1,
    })),
  };
}

export function publishSummaryText(summary: ReturnType<typeof publishSummary>): string {
  const { publishers, lost, seconds, video_frames, bytes, url } = summary;
  const who = publishers === 1 ? '' : ` by ${publishers} publishers`;
  const sent = `Sent ${seconds.toFixed(1)} s, ${video_frames} frames, ${(bytes / 1e6).toFixed(1)} MB to ${url}${who}.`;
  if (lost === 0) return sent;
  return [sent, `${lost} lost:`, ...summary.failures.map(({ publisher, detail }) => `  ${publisher}: ${detail}`)].join(
    '\n',
  );
}

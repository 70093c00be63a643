import { readAvcRecord } from '../../media/avc/record.ts';
import { type AvcSps, readAvcSps } from '../../media/avc/sps.ts';
import type { VideoConfig } from '../../media/track.ts';
import { passthroughObstacle } from '../../transcode/passthrough.ts';
import type { StreamFinding } from './stream-finding.ts';

/** What is said of how pictures are encoded, from their configuration alone. */
export function videoFormatFindings(config: VideoConfig): StreamFinding[] {
  const { widthPixels, heightPixels, codecString } = config;
  const size = `${widthPixels}x${heightPixels}`;
  const obstacle = passthroughObstacle(config);
  const findings: StreamFinding[] = [
    obstacle === undefined
      ? { code: 'picture-format', severity: 'ok', figures: { size, codec: codecString } }
      : { code: 'picture-format-rare', severity: 'warning', figures: { size, codec: codecString, why: obstacle } },
  ];
  if (widthPixels % 2 !== 0 || heightPixels % 2 !== 0) {
    findings.push({ code: 'picture-size-odd', severity: 'warning', figures: { size } });
  }
  const sps = config.codec === 'avc' ? spsOf(config) : undefined;
  if (sps?.colour?.isFullRange === true) findings.push({ code: 'colour-range-full', severity: 'note', figures: {} });
  const { horizontal = 1, vertical = 1 } = sps?.pixelAspect ?? {};
  if (horizontal !== vertical) {
    findings.push({
      code: 'pixels-not-square',
      severity: 'note',
      figures: { size, shape: `${horizontal}:${vertical}` },
    });
  }
  return findings;
}

function spsOf(config: VideoConfig): AvcSps | undefined {
  const [nal] = readAvcRecord(config.record).spsNals;
  return nal && readAvcSps(nal);
}

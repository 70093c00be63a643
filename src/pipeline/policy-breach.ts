import { StreamctlError } from '../base/errors.ts';
import type { SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { PublishPolicy } from '../stream/publication.ts';

/** What of a track the policy does not allow, by its configuration alone. */
export function trackBreach(
  config: VideoConfig | SourceAudioConfig,
  policy: PublishPolicy,
): StreamctlError | undefined {
  const { codecs, maxHeightPixels = Number.POSITIVE_INFINITY } = policy;
  if (codecs !== undefined && !codecs.includes(codecName(config))) {
    return new StreamctlError('ACCESS_POLICY_CODEC', {
      kind: config.kind,
      codec: codecName(config),
      allowed: codecs,
    });
  }
  if (config.kind === 'audio') return undefined;
  const { widthPixels, heightPixels } = config;
  if (Math.min(widthPixels, heightPixels) <= maxHeightPixels) return undefined;
  return new StreamctlError('ACCESS_POLICY_HEIGHT', { widthPixels, heightPixels, allowedPixels: maxHeightPixels });
}

/** As policies name it; sound that has no name there keeps its own. */
function codecName(config: VideoConfig | SourceAudioConfig): string {
  return config.codec === 'foreign' ? config.codecString.toLowerCase() : config.codec;
}

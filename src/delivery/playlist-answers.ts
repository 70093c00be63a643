import type { RenditionWindow, StreamWindow } from '../stream/window.ts';
import { decideReload, isReached } from './blocking-reload.ts';
import type { DeliveredStream } from './delivered-stream.ts';
import { type DeliveryDirectives, parseDeliveryDirectives } from './delivery-directives.ts';
import { missing } from './media-answers.ts';
import type { PlaybackTarget } from './playback-path.ts';
import { problem } from './problem.ts';
import { awaitRendition, startWaitMs } from './start-wait.ts';
import { isAwaited, isResting, plannedOf } from './variant.ts';
import type { Hold, Resolution } from './waiting-room.ts';

type PlaylistTarget = Extract<PlaybackTarget, { type: 'playlist' }>;

/** A media playlist: now, when the point comes that was asked for, or when a planned rendition has its first segment. */
export function answerPlaylist(
  path: string,
  query: string,
  target: PlaylistTarget,
  stream: DeliveredStream,
  isByChannel: boolean,
): Resolution | Hold {
  const { window } = stream;
  const written = writtenPlaylist(path, query, target, stream, isByChannel);
  if (written !== undefined) return written;
  const { id, quality, container } = target;
  if (plannedOf(window, quality) === undefined) {
    return window.renditions.has(quality) ? problem('DELIVERY_STREAM_NOT_READY', { id }) : missing(path);
  }
  const directives = parseDeliveryDirectives(query);
  if ('refusal' in directives) return problem('DELIVERY_DIRECTIVE_INVALID', { reason: directives.refusal });
  return awaitRendition(window, quality, {
    key: `${container} ${holdKey(quality, isByChannel, directives)}`,
    find: () => writtenPlaylist(path, query, target, stream, isByChannel),
  });
}

/** Nothing before the first segment of the rendition. */
function writtenPlaylist(
  path: string,
  query: string,
  { quality, container }: PlaylistTarget,
  stream: DeliveredStream,
  isByChannel: boolean,
): Resolution | Hold | undefined {
  const rendition = stream.window.renditions.get(quality);
  if (rendition?.lastComplete === undefined || isAwaited(stream.window, quality)) return undefined;
  if (container === 'ts') return stream.tsPlaylist(rendition, isByChannel);
  return mediaPlaylist(path, query, stream, rendition, isByChannel);
}

function mediaPlaylist(
  path: string,
  query: string,
  stream: DeliveredStream,
  rendition: RenditionWindow,
  isByChannel: boolean,
): Resolution | Hold {
  const { window } = stream;
  if (window.isEnded) return stream.mediaPlaylist(rendition, isByChannel, { isReached: false });
  const directives = parseDeliveryDirectives(query);
  if ('refusal' in directives) return problem('DELIVERY_DIRECTIVE_INVALID', { reason: directives.refusal });
  const decision = decideReload(window, rendition, directives);
  if (decision === 'too-far') return problem('DELIVERY_MSN_TOO_FAR', {});
  const { skip, msn } = directives;
  const write = () => stream.mediaPlaylist(rendition, isByChannel, { skip, isReached: msn !== undefined });
  const key = holdKey(rendition.description.name, isByChannel, directives);
  if (msn === undefined && isResting(window, rendition)) return awaitMedia(window, rendition, key, write);
  if (decision === 'now') return write();
  return {
    key,
    timeoutMs: 3000 * window.stream.targetDurationSeconds,
    test: () => {
      if (rendition.isGone) return missing(path, 'this rendition is not made any more');
      return window.isEnded || isReached(rendition, decision) ? write() : undefined;
    },
  };
}

/** It is being woken: with media a player can begin; when none comes in time, its gaps are told. */
function awaitMedia(window: StreamWindow, rendition: RenditionWindow, key: string, write: () => Resolution): Hold {
  const test = () => (isResting(window, rendition) ? undefined : write());
  return { key: `resting ${key}`, timeoutMs: startWaitMs, test, onTimeout: write };
}

function holdKey(name: string, isByChannel: boolean, { msn, part, skip }: DeliveryDirectives): string {
  return `playlist ${name} ${isByChannel} ${msn} ${part ?? ''} ${skip ?? ''}`;
}

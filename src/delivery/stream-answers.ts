import type { Clock } from '../base/clock.ts';
import type { DeliveredStream } from './delivered-stream.ts';
import { MediaAnswers, missing } from './media-answers.ts';
import type { PlaybackTarget } from './playback-path.ts';
import { answerPlaylist } from './playlist-answers.ts';
import { problem } from './problem.ts';
import type { PlaybackRequest } from './reply.ts';
import { cacheControl } from './reply-headers.ts';
import { Resource } from './resource.ts';
import { type OnWanted, RungRequests } from './rung-requests.ts';
import { awaitPresentation, awaitRendition } from './start-wait.ts';
import { lastTsMsn, TransportStreamCutter } from './transport-stream-cutter.ts';
import { plannedOf } from './variant.ts';
import type { Hold, Resolution } from './waiting-room.ts';

type InitTarget = Extract<PlaybackTarget, { type: 'init' }>;

/** What a URL means within one stream: there, to be waited for, or not there. */
export class StreamAnswers {
  private readonly requests: RungRequests;
  private readonly media: MediaAnswers;

  constructor(clock: Clock, options: { readonly tsCacheBytes: number; readonly onWanted: OnWanted }) {
    this.requests = new RungRequests(clock, options.onWanted);
    this.media = new MediaAnswers(clock, new TransportStreamCutter(options.tsCacheBytes));
  }

  resolve(
    request: PlaybackRequest,
    target: Exclude<PlaybackTarget, { type: 'time' | 'check' | 'report' }>,
    stream: DeliveredStream,
    isByChannel: boolean,
  ): Resolution | Hold {
    const { path } = request;
    if (stream.isRetired && !isMedia(target)) return problem('DELIVERY_STREAM_NOT_FOUND', { id: target.id });
    if (target.type === 'multivariant') {
      return awaitPresentation(stream, target.id, path, () => stream.multivariant(target.container, isByChannel));
    }
    if (target.type === 'manifest') {
      return awaitPresentation(stream, target.id, path, () => stream.dashManifest(isByChannel));
    }
    if (target.type === 'thumbnail') return stream.thumbnail() ?? problem('DELIVERY_THUMBNAIL_NOT_FOUND', target);
    if ('quality' in target) this.requests.asked(stream.window, target.quality);
    if (target.type === 'playlist') return answerPlaylist(path, request.query, target, stream, isByChannel);
    const rendition = stream.window.renditions.get(target.quality);
    if (rendition === undefined) {
      return target.type === 'init' ? underName(isByChannel, this.plannedInit(stream, target, path)) : missing(path);
    }
    switch (target.type) {
      case 'init':
        return underName(isByChannel, this.media.init(stream, rendition, target.version, path));
      case 'part':
        return underName(isByChannel, this.media.part(stream, rendition, { ...target, path }));
      case 'segment':
        return underName(isByChannel, this.media.segment(stream, rendition, { ...target, path }));
      case 'ts-segment': {
        const segment = rendition.find(target.msn);
        const lastMsn = lastTsMsn(stream.window, rendition);
        return underName(isByChannel, this.media.transportStream(stream, rendition, segment, path, lastMsn));
      }
    }
  }

  private plannedInit(stream: DeliveredStream, target: InitTarget, path: string): Resolution | Hold {
    const { window } = stream;
    const { quality, version } = target;
    if (plannedOf(window, quality) === undefined) return missing(path);
    const find = () => {
      const rendition = window.renditions.get(quality);
      return rendition && this.media.init(stream, rendition, version, path);
    };
    return awaitRendition(window, quality, { key: path, find });
  }
}

function isListing({ type }: PlaybackTarget): boolean {
  return type === 'multivariant' || type === 'playlist' || type === 'manifest';
}

/** Owed to who has read a playlist, also when the playlist is gone. */
function isMedia(target: PlaybackTarget): boolean {
  return !isListing(target) && target.type !== 'thumbnail';
}

/** Media asked for by the channel's name is never kept by a cache: tomorrow the URL means another broadcast. */
function underName(isByChannel: boolean, found: Resolution | Hold): Resolution | Hold {
  if (!isByChannel) return found;
  if ('replyTo' in found) return found instanceof Resource ? found.withCacheControl(cacheControl.never) : found;
  const { test } = found;
  return {
    ...found,
    test: () => {
      const resolution = test();
      return resolution instanceof Resource ? resolution.withCacheControl(cacheControl.never) : resolution;
    },
  };
}

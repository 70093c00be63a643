/** Which container a playlist refers to: CMAF with parts, or MPEG-TS for old players. */
export type Container = 'cmaf' | 'ts';

/** What a playback URL names. `id` is a stream's id or a channel's name. */
export type PlaybackTarget =
  | { readonly type: 'time' }
  /** Where players post their events. */
  | { readonly type: 'report' }
  /** Nothing but whether it may be watched: for an edge that keeps media itself. */
  | { readonly type: 'check'; readonly id: string }
  | { readonly type: 'thumbnail'; readonly id: string }
  | { readonly type: 'manifest'; readonly id: string }
  | { readonly type: 'multivariant'; readonly id: string; readonly container: Container }
  | { readonly type: 'playlist'; readonly id: string; readonly quality: string; readonly container: Container }
  | { readonly type: 'init'; readonly id: string; readonly quality: string; readonly version: number }
  | {
      readonly type: 'segment';
      readonly id: string;
      readonly quality: string;
      readonly msn: number;
      /** A DASH client may be given a segment that is still being made; an HLS client must not. */
      readonly protocol: 'hls' | 'dash';
    }
  | {
      readonly type: 'part';
      readonly id: string;
      readonly quality: string;
      readonly msn: number;
      readonly index: number;
    }
  | { readonly type: 'ts-segment'; readonly id: string; readonly quality: string; readonly msn: number };

const pathForm = /^\/(hls|dash)\/([A-Za-z0-9_-]{1,64})\/(?:([a-z0-9]{1,32})\/)?([a-z0-9.-]{1,48})$/;
const checkForm = /^\/check\/([A-Za-z0-9_-]{1,64})$/;
const thumbnailForm = /^\/thumb\/([A-Za-z0-9_-]{1,64})\.jpg$/;
/** Numbers are written in one way only, so that one thing has one URL. */
const fileForm = /^(?:init-([1-9]\d{0,9}|0)\.mp4|segment-([1-9]\d{0,14})(?:\.(0|[1-9]\d{0,5}))?\.(m4s|ts))$/;

/** A path that begins with `/t/<token>`. What is behind it means the same as without it. */
export interface SignedPath {
  /** Whatever stands there. */
  readonly token: string;
  readonly path: string;
}

/** Takes the token off; undefined where the path has none. */
export function splitSignedPath(path: string): SignedPath | undefined {
  if (path.charCodeAt(1) !== 0x74 || path.charCodeAt(2) !== 0x2f || path.charCodeAt(0) !== 0x2f) return undefined;
  const end = path.indexOf('/', 3);
  return end < 0 ? undefined : { token: path.slice(3, end), path: path.slice(end) };
}

/** Whether a path is for playback to answer, be it with 404. */
export function isPlaybackPath(path: string): boolean {
  const signed = splitSignedPath(path);
  if (signed !== undefined) return signed.path.startsWith('/check/') || isOpenPlaybackPath(signed.path);
  return isOpenPlaybackPath(path);
}

function isOpenPlaybackPath(path: string): boolean {
  return (
    path.startsWith('/hls/') ||
    path.startsWith('/dash/') ||
    path.startsWith('/thumb/') ||
    path === '/time' ||
    path === '/cmcd'
  );
}

/** What the path names, or nothing. Strict: no percent-encoding, no dots, no second spelling of a number. */
export function parsePlaybackPath(path: string): PlaybackTarget | undefined {
  const match = pathForm.exec(path);
  if (match === null) return parseOtherPath(path);
  const [, protocol, id = '', quality, file = ''] = match;
  if (quality === undefined) {
    if (protocol === 'dash') return file === 'manifest.mpd' ? { type: 'manifest', id } : undefined;
    if (file === 'index.m3u8') return { type: 'multivariant', id, container: 'cmaf' };
    return file === 'ts.m3u8' ? { type: 'multivariant', id, container: 'ts' } : undefined;
  }
  if (protocol === 'hls') {
    if (file === 'index.m3u8') return { type: 'playlist', id, quality, container: 'cmaf' };
    if (file === 'ts.m3u8') return { type: 'playlist', id, quality, container: 'ts' };
  }
  return parseMediaFile(protocol === 'hls' ? 'hls' : 'dash', id, quality, file);
}

function parseOtherPath(path: string): PlaybackTarget | undefined {
  if (path === '/time') return { type: 'time' };
  if (path === '/cmcd') return { type: 'report' };
  const thumbnail = thumbnailForm.exec(path);
  if (thumbnail !== null) return { type: 'thumbnail', id: thumbnail[1]! };
  const check = checkForm.exec(path);
  return check === null ? undefined : { type: 'check', id: check[1]! };
}

function parseMediaFile(
  protocol: 'hls' | 'dash',
  id: string,
  quality: string,
  file: string,
): PlaybackTarget | undefined {
  const match = fileForm.exec(file);
  if (match === null) return undefined;
  const [, version, msnText, index, extension] = match;
  if (version !== undefined) return { type: 'init', id, quality, version: Number(version) };
  const msn = Number(msnText);
  if (extension === 'm4s' && index === undefined) return { type: 'segment', id, quality, msn, protocol };
  if (protocol === 'dash') return undefined;
  if (extension === 'm4s') return { type: 'part', id, quality, msn, index: Number(index) };
  return index === undefined ? { type: 'ts-segment', id, quality, msn } : undefined;
}

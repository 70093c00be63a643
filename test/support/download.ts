import { readMediaPlaylist } from './checker/media-playlist.ts';
import { mediaUris, readMultivariant } from './checker/multivariant.ts';

/** Everything a media playlist lists, as one file: init segment (if any) and segments, in order. */
export interface Download {
  readonly uri: string;
  readonly bytes: Uint8Array;
  readonly isEnded: boolean;
}

const ignore = () => {};

async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} is ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Downloads every rendition of a multivariant playlist as it is now. */
export async function downloadAll(multivariantUrl: string): Promise<Download[]> {
  const multivariant = readMultivariant(await bytesOf(multivariantUrl), ignore);
  return Promise.all(mediaUris(multivariant).map((uri) => downloadRendition(new URL(uri, multivariantUrl).href)));
}

/** One rendition, by its media playlist. */
export async function downloadRendition(url: string): Promise<Download> {
  const playlist = readMediaPlaylist(await bytesOf(url), ignore);
  const pieces: Uint8Array[] = [];
  let mapUri: string | undefined;
  for (const segment of playlist.segments) {
    if (segment.isGap) continue;
    if (segment.mapUri !== undefined && segment.mapUri !== mapUri)
      pieces.push(await bytesOf(new URL(segment.mapUri, url).href));
    mapUri = segment.mapUri;
    pieces.push(await bytesOf(new URL(segment.uri, url).href));
  }
  return { uri: url, bytes: Buffer.concat(pieces), isEnded: playlist.isEnded };
}

/** Whether all media playlists of a multivariant one have ended: each ends when its own last segment is made. */
export async function hasEnded(multivariantUrl: string): Promise<boolean> {
  const multivariant = readMultivariant(await bytesOf(multivariantUrl), ignore);
  const playlists = mediaUris(multivariant).map((uri) => bytesOf(new URL(uri, multivariantUrl).href));
  return (await Promise.all(playlists)).every((bytes) => readMediaPlaylist(bytes, ignore).isEnded);
}

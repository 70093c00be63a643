import type { Report } from './findings.ts';
import { type Attributes, readLines } from './playlist-grammar.ts';

export interface Multivariant {
  readonly variants: readonly (Attributes & { readonly uri: string })[];
  readonly media: readonly Attributes[];
  readonly hasIndependentSegments: boolean;
}

/** Reads a multivariant playlist and reports what RFC 8216bis §4.4.6 and Apple's authoring rules do not allow. */
export function readMultivariant(bytes: Uint8Array, report: Report): Multivariant {
  const variants: (Attributes & { uri: string })[] = [];
  const media: Attributes[] = [];
  let hasIndependentSegments = false;
  let versions = 0;
  let pending: Attributes | undefined;
  for (const line of readLines(bytes, report)) {
    if (line.kind === 'uri') {
      if (pending === undefined) report('HLS-16', `${line.uri} without EXT-X-STREAM-INF`);
      else variants.push({ ...pending, uri: line.uri });
      pending = undefined;
      continue;
    }
    if (line.name === 'EXT-X-VERSION') versions++;
    if (line.name === 'EXT-X-INDEPENDENT-SEGMENTS') hasIndependentSegments = true;
    if (line.name === 'EXT-X-MEDIA') media.push(line.attributes);
    if (line.name === 'EXT-X-STREAM-INF') pending = line.attributes;
    if (line.name === 'EXT-X-TARGETDURATION') report('HLS-16', 'a media playlist where the multivariant one belongs');
  }
  if (versions > 1) report('HLS-02', 'EXT-X-VERSION twice');
  if (variants.length === 0) report('HLS-16', 'no variant');
  if (!hasIndependentSegments) report('HLS-13', 'EXT-X-INDEPENDENT-SEGMENTS is missing');
  for (const variant of variants) checkVariant(variant, media, report);
  return { variants, media, hasIndependentSegments };
}

function checkVariant(variant: Attributes & { uri: string }, media: readonly Attributes[], report: Report): void {
  const { CODECS: codecs = '', uri } = variant;
  const hasVideo = /avc[13]|hvc1|hev1|av01|vp09/.test(codecs);
  const always = ['AVERAGE-BANDWIDTH', 'CODECS'];
  for (const name of hasVideo ? [...always, 'RESOLUTION', 'FRAME-RATE'] : always) {
    if (variant[name] === undefined) report('HLS-16', `${uri}: ${name} is missing`);
  }
  if (Number(variant['AVERAGE-BANDWIDTH']) > Number(variant.BANDWIDTH)) report('HLS-16', `${uri}: average above peak`);
  if (variant.AUDIO === undefined) return;
  if (!media.some((entry) => entry.TYPE === 'AUDIO' && entry['GROUP-ID'] === variant.AUDIO)) {
    report('HLS-16', `${uri}: no audio group "${variant.AUDIO}"`);
  }
  if (!/mp4a|opus|ac-3|ec-3/i.test(codecs)) report('HLS-16', `${uri}: CODECS "${codecs}" does not name the audio`);
}

/** Every media playlist a client may load, by its URI as written. */
export function mediaUris({ variants, media }: Multivariant): string[] {
  return [...new Set([...variants.map((variant) => variant.uri), ...media.flatMap((entry) => entry.URI ?? [])])];
}

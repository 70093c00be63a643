import { covers } from './codec-names.ts';
import type { Report } from './findings.ts';
import type { Mpd, MpdRepresentation } from './mpd.ts';
import { attributesOf } from './mpd.ts';
import type { Multivariant } from './multivariant.ts';

/** What both formats say of one rendition, under the name that both have in their paths. */
interface Offer {
  readonly codecs: string;
  readonly size: string | undefined;
  readonly framesPerSecond: number | undefined;
}

/** DASH=HLS: both formats offer the same renditions, described alike. Only what plays now is compared: an MPD keeps older Periods. */
export function checkSameOffer(multivariant: Multivariant, mpd: Mpd, report: Report): void {
  const [hls, dash] = [hlsOffers(multivariant), dashOffers(mpd)];
  for (const [name, offer] of hls) {
    const other = dash.get(name);
    if (other === undefined) {
      report('DASH=HLS', `${name} is in HLS only`);
      continue;
    }
    if (other.size !== offer.size) report('DASH=HLS', `${name}: ${offer.size} and ${other.size}`);
    if (!offer.codecs.split(',').some((codec) => covers(codec, other.codecs)))
      report('DASH=HLS', `${name}: "${offer.codecs}" and "${other.codecs}"`);
    const [a, b] = [offer.framesPerSecond, other.framesPerSecond];
    if (a !== undefined && b !== undefined && Math.abs(a - b) > 0.01) report('DASH=HLS', `${name}: ${a} and ${b} fps`);
  }
  for (const name of dash.keys()) if (!hls.has(name)) report('DASH=HLS', `${name} is in DASH only`);
}

function hlsOffers({ variants, media }: Multivariant): Map<string, Offer> {
  const offers = new Map<string, Offer>();
  const audioCodecs = variants[0]?.CODECS ?? '';
  for (const { URI } of media) {
    if (URI !== undefined)
      offers.set(nameIn(URI), { codecs: audioCodecs, size: undefined, framesPerSecond: undefined });
  }
  for (const variant of variants) {
    offers.set(nameIn(variant.uri), {
      codecs: variant.CODECS ?? '',
      size: variant.RESOLUTION,
      framesPerSecond: variant['FRAME-RATE'] === undefined ? undefined : Number(variant['FRAME-RATE']),
    });
  }
  return offers;
}

function dashOffers({ periods }: Mpd): Map<string, Offer> {
  const offers = new Map<string, Offer>();
  for (const { id, attributes, adaptation } of periods.at(-1)?.representations ?? []) {
    const {
      width,
      height,
      codecs = '',
      frameRate,
    }: MpdRepresentation['attributes'] = {
      ...attributesOf(adaptation),
      ...attributes,
    };
    offers.set(id, {
      codecs,
      size: width === undefined ? undefined : `${width}x${height}`,
      framesPerSecond: frameRate === undefined ? undefined : fractionOf(frameRate),
    });
  }
  return offers;
}

/** `…/480p/index.m3u8` → `480p`. */
function nameIn(uri: string): string {
  return uri.split('/').at(-2) ?? '';
}

function fractionOf(text: string): number {
  const [numerator = 0, denominator = 1] = text.split('/').map(Number);
  return numerator / denominator;
}

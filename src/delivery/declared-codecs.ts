import type { Variant } from './variant.ts';

/**
 * CODECS of a rendition (RFC 8216bis §4.4.6.2): every format in a segment that its playlist still lists. Of H.264 at several
 * levels the highest stands for all: who decodes that decodes the others. Before there is any media, what is planned.
 */
export function declaredCodecs({ rendition, planned }: Variant): string[] {
  if (rendition === undefined) return planned === undefined ? [] : [planned.codecString];
  const versions = new Set(rendition.segments.map((segment) => segment.initVersion));
  const listed = [...versions].map((version) => rendition.descriptions.get(version)?.config.codecString);
  const byFamily = new Map<string, string>();
  for (const codec of [rendition.description.config.codecString, ...listed]) {
    if (codec === undefined) continue;
    const family = codec.startsWith('avc1.') ? 'avc1' : codec;
    const known = byFamily.get(family);
    if (known === undefined || avcLevel(codec) > avcLevel(known)) byFamily.set(family, codec);
  }
  return [...byFamily.values()];
}

/** `avc1.PPCCLL`: the last two digits are the level, hexadecimal. */
function avcLevel(codec: string): number {
  return Number.parseInt(codec.slice(-2), 16);
}

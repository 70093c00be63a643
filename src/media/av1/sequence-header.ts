import { StreamctlError } from '../../base/errors.ts';
import { BitReader } from '../bit-reader.ts';
import type { ColourDescription } from '../picture.ts';

/** What we use of an AV1 sequence header (AV1 §5.5). */
export interface Av1SequenceHeader {
  readonly profile: number;
  /** Of the first operating point. */
  readonly levelIdx: number;
  readonly tier: number;
  readonly bitDepth: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly nominalFps?: number;
  readonly colour?: ColourDescription;
}

const maxSidePixels = 16_384;
const identityMatrix = 0;
const srgbTransfer = 13;
const bt709Primaries = 1;

/** Reads the content of a sequence header unit. Throws MEDIA_MALFORMED. */
export function readAv1SequenceHeader(content: Uint8Array): Av1SequenceHeader {
  const bits = new BitReader(content, 'AV1 sequence header');
  const profile = bits.bits(3);
  if (profile > 2) throw malformed('its profile does not exist');
  bits.skip(1); // still_picture
  const isReduced = bits.flag();
  const { levelIdx, tier, nominalFps } = isReduced
    ? { levelIdx: bits.bits(5), tier: 0, nominalFps: undefined }
    : readOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const widthPixels = bits.bits(widthBits) + 1;
  const heightPixels = bits.bits(heightBits) + 1;
  if (widthPixels > maxSidePixels || heightPixels > maxSidePixels) throw malformed('the picture is too large');
  skipTools(bits, isReduced);
  return {
    profile,
    levelIdx,
    tier,
    widthPixels,
    heightPixels,
    ...(nominalFps && { nominalFps }),
    ...readColour(bits, profile),
  };
}

function readOperatingPoints(bits: BitReader): { levelIdx: number; tier: number; nominalFps: number | undefined } {
  let nominalFps: number | undefined;
  let delayBits = 0;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    if (bits.flag()) {
      const fps = timeScale / (unitsInTick * (bits.ue() + 1)); // uvlc has the form of ue(v)
      if (fps >= 1 && fps <= 1000) nominalFps = fps;
    }
    if (bits.flag()) {
      delayBits = bits.bits(5) + 1;
      bits.skip(32 + 10); // num_units_in_decoding_tick, two lengths
    }
  }
  const hasDisplayDelay = bits.flag();
  let first: { levelIdx: number; tier: number } | undefined;
  for (let left = bits.bits(5) + 1; left > 0; left--) {
    bits.skip(12); // operating_point_idc
    const levelIdx = bits.bits(5);
    const tier = levelIdx > 7 ? bits.bit() : 0;
    first ??= { levelIdx, tier };
    if (delayBits > 0 && bits.flag()) bits.skip(2 * delayBits + 1);
    if (hasDisplayDelay && bits.flag()) bits.skip(4);
  }
  return { levelIdx: first!.levelIdx, tier: first!.tier, nominalFps };
}

/** From frame_id_numbers_present_flag to enable_restoration. */
function skipTools(bits: BitReader, isReduced: boolean): void {
  if (!isReduced && bits.flag()) bits.skip(7);
  bits.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!isReduced) {
    bits.skip(4); // enable_interintra_compound to enable_dual_filter
    const hasOrderHint = bits.flag();
    if (hasOrderHint) bits.skip(2);
    const choosesScreenContentTools = bits.flag();
    const mayForceIntegerMv = choosesScreenContentTools || bits.flag();
    if (mayForceIntegerMv && !bits.flag()) bits.skip(1);
    if (hasOrderHint) bits.skip(3);
  }
  bits.skip(3); // enable_superres, enable_cdef, enable_restoration
}

/** color_config (AV1 §5.5.2). */
function readColour(bits: BitReader, profile: number): { bitDepth: number; colour?: ColourDescription } {
  const isHighBitDepth = bits.flag();
  const isTwelveBit = profile === 2 && isHighBitDepth && bits.flag();
  const bitDepth = isTwelveBit ? 12 : isHighBitDepth ? 10 : 8;
  const isMonochrome = profile !== 1 && bits.flag();
  if (!bits.flag()) return { bitDepth };
  const primaries = bits.bits(8);
  const transfer = bits.bits(8);
  const matrix = bits.bits(8);
  const isSrgb = primaries === bt709Primaries && transfer === srgbTransfer && matrix === identityMatrix;
  const isFullRange = !isMonochrome && isSrgb ? true : bits.flag();
  return { bitDepth, colour: { primaries, transfer, matrix, isFullRange } };
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'AV1 sequence header', why });
}

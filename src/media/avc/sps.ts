import { StreamctlError } from '../../base/errors.ts';
import { BitReader } from '../bit-reader.ts';
import { unescapeNalUnit } from '../nal-units.ts';
import { type ColourDescription, type PixelAspect, readPixelAspect } from '../picture.ts';

/** What we use of an H.264 sequence parameter set (ISO/IEC 14496-10 §7.3.2.1.1). */
export interface AvcSps {
  readonly profileIdc: number;
  /** The constraint_set flags as one byte. */
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** After cropping. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Pictures may be coded as fields (frame_mbs_only_flag is 0). */
  readonly isInterlaced: boolean;
  readonly nominalFps?: number;
  readonly pixelAspect?: PixelAspect;
  readonly colour?: ColourDescription;
  /** max_num_reorder_frames, where the VUI restricts it. */
  readonly reorderFrames?: number;
}

/** Profiles whose SPS, and whose avcC record, have chroma format and bit depth fields. */
export function hasHighProfileFields(profileIdc: number): boolean {
  return [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].includes(profileIdc);
}

const maxMacroblocksPerSide = 1024; // 16384 pixels: beyond every level of the standard

/** Reads a sequence parameter set NAL unit, header byte included. Throws MEDIA_MALFORMED. */
export function readAvcSps(nal: Uint8Array): AvcSps {
  const bits = new BitReader(unescapeNalUnit(nal), 'H.264 SPS');
  if ((bits.bits(8) & 0x1f) !== 7) throw malformed('it is another kind of NAL unit');
  const profileIdc = bits.bits(8);
  const constraintFlags = bits.bits(8);
  const levelIdc = bits.bits(8);
  bits.ue(); // seq_parameter_set_id
  const format = hasHighProfileFields(profileIdc)
    ? readFormat(bits)
    : { chromaFormatIdc: 1, bitDepthLuma: 8, bitDepthChroma: 8, separatePlanes: false };
  bits.ue(); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  bits.ue(); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthMbs = bits.ue() + 1;
  const heightMapUnits = bits.ue() + 1;
  const frameMbsOnly = bits.bit();
  if (frameMbsOnly === 0) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  if (widthMbs > maxMacroblocksPerSide || heightMapUnits > maxMacroblocksPerSide)
    throw malformed('the picture is too large');

  const chromaArrayType = format.separatePlanes ? 0 : format.chromaFormatIdc;
  const cropUnitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
  const cropUnitY = (chromaArrayType === 1 ? 2 : 1) * (2 - frameMbsOnly);
  let widthPixels = widthMbs * 16;
  let heightPixels = heightMapUnits * 16 * (2 - frameMbsOnly);
  if (bits.flag()) {
    widthPixels -= (bits.ue() + bits.ue()) * cropUnitX;
    heightPixels -= (bits.ue() + bits.ue()) * cropUnitY;
  }
  if (widthPixels <= 0 || heightPixels <= 0) throw malformed('cropping leaves no picture');
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    chromaFormatIdc: format.chromaFormatIdc,
    bitDepthLuma: format.bitDepthLuma,
    bitDepthChroma: format.bitDepthChroma,
    widthPixels,
    heightPixels,
    isInterlaced: frameMbsOnly === 0,
    ...(bits.flag() ? readVui(bits) : {}),
  };
}

function readFormat(bits: BitReader) {
  const chromaFormatIdc = bits.ue();
  if (chromaFormatIdc > 3) throw malformed('its chroma format does not exist');
  const separatePlanes = chromaFormatIdc === 3 && bits.flag();
  const bitDepthLuma = 8 + bits.ue();
  const bitDepthChroma = 8 + bits.ue();
  if (bitDepthLuma > 14 || bitDepthChroma > 14) throw malformed('its bit depth does not exist');
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    for (let list = 0; list < (chromaFormatIdc === 3 ? 12 : 8); list++) {
      if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return { chromaFormatIdc, bitDepthLuma, bitDepthChroma, separatePlanes };
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) & 255;
    if (next !== 0) last = next;
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.ue();
  if (type === 0) {
    bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    const count = bits.ue();
    if (count > 255) throw malformed('its picture order cycle is too long');
    for (let i = 0; i < count; i++) bits.se();
  }
}

/** VUI parameters (ISO/IEC 14496-10 §E.1.1). A VUI that ends early is left out: the picture is known without it. */
function readVui(bits: BitReader): Pick<AvcSps, 'nominalFps' | 'pixelAspect' | 'colour' | 'reorderFrames'> {
  const vui: { -readonly [K in 'nominalFps' | 'pixelAspect' | 'colour' | 'reorderFrames']?: AvcSps[K] } = {};
  try {
    if (bits.flag()) vui.pixelAspect = readPixelAspect(bits);
    if (bits.flag()) bits.skip(1); // overscan
    if (bits.flag()) {
      bits.skip(3); // video_format
      const isFullRange = bits.flag();
      if (bits.flag()) {
        vui.colour = { primaries: bits.bits(8), transfer: bits.bits(8), matrix: bits.bits(8), isFullRange };
      }
    }
    if (bits.flag()) {
      bits.ue();
      bits.ue();
    }
    if (bits.flag()) {
      const unitsInTick = bits.bits(32);
      const timeScale = bits.bits(32);
      bits.skip(1); // fixed_frame_rate_flag
      // A tick is a field: two make a frame.
      const fps = timeScale / (2 * unitsInTick);
      if (fps >= 1 && fps <= 1000) vui.nominalFps = fps;
    }
    const hasNalHrd = bits.flag();
    if (hasNalHrd) skipHrd(bits);
    const hasVclHrd = bits.flag();
    if (hasVclHrd) skipHrd(bits);
    if (hasNalHrd || hasVclHrd) bits.skip(1); // low_delay_hrd_flag
    bits.skip(1); // pic_struct_present_flag
    if (bits.flag()) {
      bits.skip(1); // motion_vectors_over_pic_boundaries_flag
      for (let i = 0; i < 4; i++) bits.ue();
      vui.reorderFrames = bits.ue();
    }
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
  }
  return vui;
}

function skipHrd(bits: BitReader): void {
  const count = bits.ue() + 1;
  if (count > 32) throw malformed('its HRD has too many entries');
  bits.skip(8); // bit_rate_scale, cpb_size_scale
  for (let i = 0; i < count; i++) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20); // four 5-bit lengths
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'H.264 SPS', why });
}

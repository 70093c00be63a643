import { StreamctlError } from '../../base/errors.ts';
import { BitReader } from '../bit-reader.ts';
import { unescapeNalUnit } from '../nal-units.ts';
import { hevcNalType, hevcNalTypes } from './access-unit.ts';
import { type HevcVui, readHevcVui } from './vui.ts';

/** What we use of an HEVC sequence parameter set (ISO/IEC 23008-2 §7.3.2.2.1). */
export interface HevcSps extends HevcVui {
  /** After the conformance window. */
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const maxSidePixels = 16_384;

/** Reads a sequence parameter set NAL unit, header included. Throws MEDIA_MALFORMED. */
export function readHevcSps(nal: Uint8Array): HevcSps {
  const bits = new BitReader(unescapeNalUnit(nal), 'HEVC SPS');
  if (hevcNalType(nal[0] ?? 0) !== hevcNalTypes.sps) throw malformed('it is another kind of NAL unit');
  bits.skip(16 + 4); // NAL unit header, sps_video_parameter_set_id
  const maxSubLayersMinus1 = bits.bits(3);
  bits.skip(1); // sps_temporal_id_nesting_flag
  skipProfileTierLevel(bits, maxSubLayersMinus1);
  bits.ue(); // sps_seq_parameter_set_id
  const chromaFormatIdc = bits.ue();
  if (chromaFormatIdc > 3) throw malformed('its chroma format does not exist');
  const separatePlanes = chromaFormatIdc === 3 && bits.flag();
  let widthPixels = bits.ue();
  let heightPixels = bits.ue();
  if (widthPixels > maxSidePixels || heightPixels > maxSidePixels) throw malformed('the picture is too large');
  if (bits.flag()) {
    const unitX = !separatePlanes && (chromaFormatIdc === 1 || chromaFormatIdc === 2) ? 2 : 1;
    const unitY = !separatePlanes && chromaFormatIdc === 1 ? 2 : 1;
    widthPixels -= (bits.ue() + bits.ue()) * unitX;
    heightPixels -= (bits.ue() + bits.ue()) * unitY;
  }
  if (widthPixels <= 0 || heightPixels <= 0) throw malformed('cropping leaves no picture');
  return { widthPixels, heightPixels, ...readHintsBehindSize(bits, maxSubLayersMinus1) };
}

/** The VUI lies behind much that does not matter to us; a set that cannot be followed so far still has its size. */
function readHintsBehindSize(bits: BitReader, maxSubLayersMinus1: number): HevcVui {
  try {
    skipToVui(bits, maxSubLayersMinus1);
    return bits.flag() ? readHevcVui(bits) : {};
  } catch (error) {
    if (error instanceof StreamctlError) return {};
    throw error;
  }
}

/** profile_tier_level (§7.3.3). */
function skipProfileTierLevel(bits: BitReader, maxSubLayersMinus1: number): void {
  bits.skip(88 + 8);
  if (maxSubLayersMinus1 === 0) return;
  const hasProfile: boolean[] = [];
  const hasLevel: boolean[] = [];
  for (let i = 0; i < 8; i++) {
    hasProfile.push(bits.flag() && i < maxSubLayersMinus1);
    hasLevel.push(bits.flag() && i < maxSubLayersMinus1);
  }
  for (let i = 0; i < maxSubLayersMinus1; i++) bits.skip((hasProfile[i] ? 88 : 0) + (hasLevel[i] ? 8 : 0));
}

function skipToVui(bits: BitReader, maxSubLayersMinus1: number): void {
  bits.ue(); // bit_depth_luma_minus8
  bits.ue(); // bit_depth_chroma_minus8
  const pocBits = bits.ue() + 4;
  const orderingSets = bits.flag() ? maxSubLayersMinus1 + 1 : 1;
  for (let i = 0; i < orderingSets * 3; i++) bits.ue();
  for (let i = 0; i < 6; i++) bits.ue(); // block and transform sizes and depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8);
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  skipReferencePictureSets(bits);
  if (bits.flag()) {
    const count = bits.ue();
    if (count > 32) throw malformed('it has too many long-term references');
    bits.skip(count * (pocBits + 1));
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/** scaling_list_data (§7.3.4). */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      if (size > 1) bits.se();
      for (let i = 0; i < coefficients; i++) bits.se();
    }
  }
}

/** All st_ref_pic_set (§7.3.7): each may be told as a difference from the one before, whose length has to be known. */
function skipReferencePictureSets(bits: BitReader): void {
  const count = bits.ue();
  if (count > 64) throw malformed('it has too many reference picture sets');
  let previousLength = 0;
  for (let set = 0; set < count; set++) {
    if (set > 0 && bits.flag()) {
      bits.skip(1); // delta_rps_sign
      bits.ue(); // abs_delta_rps_minus1
      let length = 0;
      for (let i = 0; i <= previousLength; i++) {
        const isUsed = bits.flag();
        if (isUsed || bits.flag()) length++;
      }
      previousLength = length;
    } else {
      previousLength = bits.ue() + bits.ue();
      if (previousLength > 32) throw malformed('a reference picture set is too long');
      for (let i = 0; i < previousLength; i++) {
        bits.ue();
        bits.skip(1);
      }
    }
  }
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'HEVC SPS', why });
}

import type { BitReader } from '../bit-reader.ts';
import { type ColourDescription, type PixelAspect, readPixelAspect } from '../picture.ts';

/** What we use of the video usability information of an HEVC SPS. */
export interface HevcVui {
  readonly nominalFps?: number;
  readonly pixelAspect?: PixelAspect;
  readonly colour?: ColourDescription;
}

/** VUI parameters up to the timing (ISO/IEC 23008-2 §E.2.1). */
export function readHevcVui(bits: BitReader): HevcVui {
  const pixelAspect = bits.flag() ? readPixelAspect(bits) : undefined;
  if (bits.flag()) bits.skip(1); // overscan
  let colour: ColourDescription | undefined;
  if (bits.flag()) {
    bits.skip(3); // video_format
    const isFullRange = bits.flag();
    if (bits.flag()) colour = { primaries: bits.bits(8), transfer: bits.bits(8), matrix: bits.bits(8), isFullRange };
  }
  if (bits.flag()) {
    bits.ue(); // chroma sample location
    bits.ue();
  }
  bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue(); // default display window
  let nominalFps: number | undefined;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const fps = bits.bits(32) / unitsInTick;
    if (fps >= 1 && fps <= 1000) nominalFps = fps;
  }
  return { ...(nominalFps && { nominalFps }), ...(pixelAspect && { pixelAspect }), ...(colour && { colour }) };
}

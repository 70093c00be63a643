import type { ClipTag, FlvClip } from '../publisher/flv-clip.ts';

const lengthBytes = 4;
/** nal_unit_type 12, nal_ref_idc 0 (ISO/IEC 14496-10 §7.4.1). */
const fillerHeader = 0x0c;
const stopBit = 0x80;

/**
 * The clip with filler data (ISO/IEC 14496-10 §7.3.2.7) in every frame, so that its video has at least `bitrateBps`: what a server
 * does depends on bytes, not on what they show. For H.264 with lengths of four bytes.
 */
export function heavierClip(clip: FlvClip, bitrateBps: number): FlvClip {
  const frames = clip.tags.filter(({ type, isFrame }) => type === 'video' && isFrame);
  const presentBytes = frames.reduce((sum, { body }) => sum + body.length, 0);
  const wantedBytes = (bitrateBps / 8) * (clip.durationMs / 1000);
  const fillerBytes = Math.floor((wantedBytes - presentBytes) / frames.length) - lengthBytes;
  if (fillerBytes < 2) return clip;
  const filler = fillerUnit(fillerBytes);
  return {
    ...clip,
    tags: clip.tags.map((tag) => (tag.type === 'video' && tag.isFrame ? withFiller(tag, filler) : tag)),
  };
}

function withFiller(tag: ClipTag, filler: Uint8Array): ClipTag {
  const body = new Uint8Array(tag.body.length + filler.length);
  body.set(tag.body);
  body.set(filler, tag.body.length);
  return { ...tag, body };
}

function fillerUnit(sizeBytes: number): Uint8Array {
  const unit = new Uint8Array(lengthBytes + sizeBytes).fill(0xff);
  new DataView(unit.buffer).setUint32(0, sizeBytes);
  unit[lengthBytes] = fillerHeader;
  unit[unit.length - 1] = stopBit;
  return unit;
}

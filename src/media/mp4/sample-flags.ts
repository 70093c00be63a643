/** sample_flags of ISO/IEC 14496-12 §8.8.3.1. */
export const syncSampleFlags = 0x02000000; // depends on no other sample
export const dependentSampleFlags = 0x01010000; // depends on others, is not a sync sample
export const nonSyncBit = 0x00010000;

/** tfhd flags (§8.8.7.1). */
export const tfhdFlags = {
  baseDataOffset: 0x1,
  sampleDescriptionIndex: 0x2,
  defaultDuration: 0x8,
  defaultSize: 0x10,
  defaultFlags: 0x20,
  defaultBaseIsMoof: 0x20000,
} as const;

/** trun flags (§8.8.8.1). */
export const trunFlags = {
  dataOffset: 0x1,
  firstSampleFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionOffset: 0x800,
} as const;

/** Every file has one track. */
export const trackId = 1;

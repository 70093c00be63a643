/** Profiles we encode in; both without B-frames. */
export type H264Profile = 'main' | 'high';

interface LevelLimits {
  /** level_idc: ten times the level's name. */
  readonly levelIdc: number;
  readonly macroblocksPerSecond: number;
  readonly macroblocksPerFrame: number;
  /** MaxBR of Main profile, in kbit/s; High may have a quarter more. */
  readonly bitrateKbps: number;
}

/** ISO/IEC 14496-10 table A-1, without the levels nobody names. */
const levels: readonly LevelLimits[] = [
  { levelIdc: 21, macroblocksPerSecond: 19_800, macroblocksPerFrame: 792, bitrateKbps: 4000 },
  { levelIdc: 30, macroblocksPerSecond: 40_500, macroblocksPerFrame: 1620, bitrateKbps: 10_000 },
  { levelIdc: 31, macroblocksPerSecond: 108_000, macroblocksPerFrame: 3600, bitrateKbps: 14_000 },
  { levelIdc: 32, macroblocksPerSecond: 216_000, macroblocksPerFrame: 5120, bitrateKbps: 20_000 },
  { levelIdc: 40, macroblocksPerSecond: 245_760, macroblocksPerFrame: 8192, bitrateKbps: 20_000 },
  { levelIdc: 42, macroblocksPerSecond: 522_240, macroblocksPerFrame: 8704, bitrateKbps: 50_000 },
  { levelIdc: 51, macroblocksPerSecond: 983_040, macroblocksPerFrame: 36_864, bitrateKbps: 240_000 },
  { levelIdc: 52, macroblocksPerSecond: 2_073_600, macroblocksPerFrame: 36_864, bitrateKbps: 240_000 },
];

const profileBytes: Record<H264Profile, string> = { main: '4d40', high: '6400' };

/** The lowest level that a stream of this kind conforms to, as level_idc. Frame rates count rounded, as measured ones are never even. */
export function h264LevelIdc(stream: {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly fps: number;
  readonly bitrateBps: number;
  readonly profile: H264Profile;
}): number {
  const perFrame = Math.ceil(stream.widthPixels / 16) * Math.ceil(stream.heightPixels / 16);
  const perSecond = perFrame * Math.round(stream.fps);
  const mainKbps = stream.bitrateBps / 1000 / (stream.profile === 'high' ? 1.25 : 1);
  const fitting = levels.find(
    (level) =>
      perFrame <= level.macroblocksPerFrame && perSecond <= level.macroblocksPerSecond && mainKbps <= level.bitrateKbps,
  );
  return (fitting ?? levels.at(-1)!).levelIdc;
}

/** RFC 6381, as the avcC record of such a stream says it: `avc1.4d401f`. */
export function avcCodecString(profile: H264Profile, levelIdc: number): string {
  return `avc1.${profileBytes[profile]}${levelIdc.toString(16).padStart(2, '0')}`;
}

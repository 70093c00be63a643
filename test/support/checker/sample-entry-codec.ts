import { type Box, childrenOf, findBox } from './boxes.ts';

/** RFC 6381 name of a sample entry, as its configuration box says it; the bare type where there is none. */
export function codecOf(entry: Box): string {
  const { type } = entry;
  if (type === 'avc1' || type === 'avc3') return named(type, boxIn(entry, 78, 'avcC'), avcName);
  if (type === 'hvc1' || type === 'hev1') return named(type, boxIn(entry, 78, 'hvcC'), hevcName);
  if (type === 'av01') return named(type, boxIn(entry, 78, 'av1C'), av1Name);
  if (type !== 'mp4a') return type;
  return named(type, boxIn(entry, 28, 'esds'), aacName);
}

function boxIn(entry: Box, headerBytes: number, type: string): DataView | undefined {
  return findBox(childrenOf(entry, headerBytes), type)?.body;
}

function named(type: string, body: DataView | undefined, nameOf: (body: DataView) => string | undefined): string {
  const name = body === undefined ? undefined : nameOf(body);
  return name === undefined ? type : `${type}.${name}`;
}

function avcName(avcC: DataView): string {
  return [1, 2, 3].map((at) => avcC.getUint8(at).toString(16).padStart(2, '0')).join('');
}

/** ISO/IEC 14496-15 §E.3. */
function hevcName(hvcC: DataView): string {
  const hex = (value: number) => value.toString(16).toUpperCase();
  const first = hvcC.getUint8(1);
  let flags = hvcC.getUint32(2);
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) {
    reversed = reversed * 2 + (flags & 1);
    flags >>>= 1;
  }
  const constraints = [6, 7, 8, 9, 10, 11].map((at) => hvcC.getUint8(at));
  while (constraints.at(-1) === 0) constraints.pop();
  const level = `${(first & 0x20) === 0 ? 'L' : 'H'}${hvcC.getUint8(12)}`;
  const profile = `${['', 'A', 'B', 'C'][first >> 6]}${first & 0x1f}`;
  return [profile, hex(reversed), level, ...constraints.map(hex)].join('.');
}

/** AV1 in ISOBMFF §5. */
function av1Name(av1C: DataView): string {
  const profileAndLevel = av1C.getUint8(1);
  const flags = av1C.getUint8(2);
  const depth = (flags & 0x40) === 0 ? '08' : (flags & 0x20) === 0 ? '10' : '12';
  const level = `${profileAndLevel & 0x1f}`.padStart(2, '0');
  return `${profileAndLevel >> 5}.${level}${(flags & 0x80) === 0 ? 'M' : 'H'}.${depth}`;
}

function aacName(esds: DataView): string | undefined {
  const objectType = audioObjectType(esds);
  return objectType === undefined ? undefined : `40.${objectType}`;
}

/** The audio object type: first five bits of DecoderSpecificInfo (tag 5), inside tags 3 and 4. */
function audioObjectType(esds: DataView): number | undefined {
  for (let at = 4; at + 2 < esds.byteLength; at++) {
    if (esds.getUint8(at) !== 0x05) continue;
    let next = at + 1;
    while (next < esds.byteLength && (esds.getUint8(next) & 0x80) !== 0) next++;
    const isPlausible = esds.getUint8(next) >= 2 && next + 1 + esds.getUint8(next) <= esds.byteLength;
    if (isPlausible) return esds.getUint8(next + 1) >> 3;
  }
  return undefined;
}

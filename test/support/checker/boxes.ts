/** One box of an ISO base media file (ISO/IEC 14496-12 §4.2). */
export interface Box {
  readonly type: string;
  /** Of the whole box in the file. */
  readonly start: number;
  readonly size: number;
  /** Without the header; of a full box with version and flags. */
  readonly body: DataView;
}

/** The boxes of a byte range, one after another. Throws when they do not fill it exactly. */
export function readBoxes(bytes: Uint8Array): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw new Error(`${bytes.length - at} bytes after the last box`);
    let size = view.getUint32(at);
    let header = 8;
    if (size === 1) {
      size = Number(view.getBigUint64(at + 8));
      header = 16;
    }
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (size < header || at + size > bytes.length) throw new Error(`box ${type} of ${size} bytes does not fit`);
    boxes.push({
      type,
      start: at,
      size,
      body: new DataView(view.buffer, view.byteOffset + at + header, size - header),
    });
    at += size;
  }
  return boxes;
}

/** The boxes inside a box, after `skipped` bytes of its own fields. */
export function childrenOf(box: Box, skipped = 0): Box[] {
  return readBoxes(new Uint8Array(box.body.buffer, box.body.byteOffset + skipped, box.body.byteLength - skipped));
}

/** The box at a path such as `moov/trak/mdia/mdhd`; the first of each name. */
export function findBox(boxes: readonly Box[], path: string): Box | undefined {
  const [type, ...rest] = path.split('/');
  const box = boxes.find((candidate) => candidate.type === type);
  return box === undefined || rest.length === 0 ? box : findBox(childrenOf(box), rest.join('/'));
}

export interface Sample {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly isSync: boolean;
  /** Signed as trun version 1 has it. */
  readonly compositionOffsetTicks: number;
}

/** A movie fragment with one track, as CMAF wants it. */
export interface Fragment {
  readonly sequence: number;
  readonly trackId: number;
  readonly baseDecodeTicks: number;
  readonly isBaseMoof: boolean;
  readonly trunVersion: number;
  readonly trackFragments: number;
  readonly samples: readonly Sample[];
  readonly dataOffset: number | undefined;
  readonly moofSize: number;
}

const nonSyncFlag = 0x0001_0000;

/** Reads a moof box (ISO/IEC 14496-12 §8.8). Throws when a box that must be there is not. */
export function readFragment(moof: Box): Fragment {
  const boxes = childrenOf(moof);
  const need = (path: string): Box => {
    const found = findBox(boxes, path);
    if (found === undefined) throw new Error(`moof without ${path}`);
    return found;
  };
  const tfhd = need('traf/tfhd').body;
  const tfdt = need('traf/tfdt').body;
  const trun = need('traf/trun').body;
  const tfhdFlags = tfhd.getUint32(0) & 0xffffff;
  let at = 8;
  if (tfhdFlags & 0x01) at += 8;
  if (tfhdFlags & 0x02) at += 4;
  const optional = (flag: number) => {
    if (!(tfhdFlags & flag)) return 0;
    at += 4;
    return tfhd.getUint32(at - 4);
  };
  const defaults = { duration: optional(0x08), size: optional(0x10), flags: optional(0x20) };
  const { samples, dataOffset } = readRun(trun, defaults);
  return {
    sequence: need('mfhd').body.getUint32(4),
    trackId: tfhd.getUint32(4),
    baseDecodeTicks: tfdt.getUint8(0) === 1 ? Number(tfdt.getBigUint64(4)) : tfdt.getUint32(4),
    isBaseMoof: (tfhdFlags & 0x02_0000) !== 0,
    trunVersion: trun.getUint8(0),
    trackFragments: boxes.filter((box) => box.type === 'traf').length,
    samples,
    dataOffset,
    moofSize: moof.size,
  };
}

function readRun(
  trun: DataView,
  defaults: { readonly duration: number; readonly size: number; readonly flags: number },
): { samples: Sample[]; dataOffset: number | undefined } {
  const flags = trun.getUint32(0) & 0xffffff;
  const count = trun.getUint32(4);
  let at = 8;
  const dataOffset = flags & 0x01 ? trun.getInt32(at) : undefined;
  if (flags & 0x01) at += 4;
  const firstFlags = flags & 0x04 ? trun.getUint32(at) : undefined;
  if (flags & 0x04) at += 4;
  const samples: Sample[] = [];
  for (let index = 0; index < count; index++) {
    const field = (flag: number, fallback: number, isSigned = false) => {
      if (!(flags & flag)) return fallback;
      at += 4;
      return isSigned ? trun.getInt32(at - 4) : trun.getUint32(at - 4);
    };
    const durationTicks = field(0x100, defaults.duration);
    const sizeBytes = field(0x200, defaults.size);
    const sampleFlags = field(0x400, index === 0 ? (firstFlags ?? defaults.flags) : defaults.flags);
    const compositionOffsetTicks = field(0x800, 0, trun.getUint8(0) === 1);
    samples.push({ durationTicks, sizeBytes, isSync: (sampleFlags & nonSyncFlag) === 0, compositionOffsetTicks });
  }
  return { samples, dataOffset };
}

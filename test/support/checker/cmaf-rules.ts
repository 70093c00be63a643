import { type Box, childrenOf, type Fragment, findBox, readBoxes, readFragment } from './boxes.ts';
import type { Report } from './findings.ts';
import { codecOf } from './sample-entry-codec.ts';

/** What an init segment says about its track. */
export interface InitFacts {
  readonly timescale: number;
  readonly isVideo: boolean;
  readonly hasEditList: boolean;
  /** RFC 6381, from the sample entry: `avc1.64001f`, `mp4a.40.2`. */
  readonly codec: string;
}

/** Reads and checks an init segment (CMAF header, ISO/IEC 23000-19 §7.3.1). */
export function checkInit(bytes: Uint8Array, report: Report): InitFacts | undefined {
  const boxes = boxesOf(bytes, report);
  const moov = findBox(boxes, 'moov');
  if (moov === undefined) {
    report('C-05', 'the init segment has no moov');
    return undefined;
  }
  if (boxes[0]?.type !== 'ftyp') report('C-05', `the init segment begins with ${boxes[0]?.type}`);
  for (const type of ['meta', 'udta', 'sidx', 'mdat']) {
    if (findBox(boxes, type) !== undefined) report('C-06', `${type} in the init segment`);
  }
  const tracks = childrenOf(moov).filter((box) => box.type === 'trak');
  if (tracks.length !== 1) report('C-02', `${tracks.length} tracks in one file`);
  if (findBox(boxes, 'moov/mvex/trex') === undefined) report('C-05', 'no mvex/trex');
  const mdhd = findBox(boxes, 'moov/trak/mdia/mdhd')?.body;
  const hdlr = findBox(boxes, 'moov/trak/mdia/hdlr')?.body;
  const stsd = findBox(boxes, 'moov/trak/mdia/minf/stbl/stsd');
  if (mdhd === undefined || hdlr === undefined || stsd === undefined) {
    report('C-05', 'mdhd, hdlr or stsd is missing');
    return undefined;
  }
  const timescale = mdhd.getUint32(mdhd.getUint8(0) === 1 ? 20 : 12);
  const isVideo = hdlr.getUint32(8) === 0x76696465; // 'vide'
  checkBrands(boxes[0], isVideo, report);
  const [entry] = childrenOf(stsd, 8);
  const hasEditList = findBox(boxes, 'moov/trak/edts/elst') !== undefined;
  return { timescale, isVideo, hasEditList, codec: entry === undefined ? '' : codecOf(entry) };
}

/** C-05, C-07: the brands that DASH and CMAF readers look for. */
function checkBrands(ftyp: Box | undefined, isVideo: boolean, report: Report): void {
  if (ftyp === undefined) return;
  const bytes = new Uint8Array(ftyp.body.buffer, ftyp.body.byteOffset, ftyp.body.byteLength);
  const brands: string[] = [...(new TextDecoder('latin1').decode(bytes).match(/.{4}/gs) ?? [])];
  if (!brands.includes('cmfc') && !brands.includes('cmf2'))
    report('C-05', `brands ${brands.join(' ')}: no cmfc or cmf2`);
  const wanted = isVideo
    ? /^(cfhd|cfsd|chdf|chhd|chh1|cud8|cud1|cmhe|cmxe|cmra|cmla|caxa|cam\d|av01|cmaf)$/
    : /^(caac|caaa|opus)$/;
  if (!brands.some((brand) => wanted.test(brand))) report('C-07', `brands ${brands.join(' ')}: no media profile`);
}

/** What the fragments of one segment say together. */
export interface SegmentFacts {
  readonly fragments: readonly Fragment[];
  readonly startTicks: number;
  readonly durationTicks: number;
  /** First presentation time: the smallest of all samples, as B-frames reorder them. */
  readonly firstPresentationTicks: number;
  readonly beginsWithSync: boolean;
}

/** Reads and checks one media segment or one part (a CMAF chunk). */
export function checkSegment(
  bytes: Uint8Array,
  init: InitFacts,
  isWhole: boolean,
  report: Report,
): SegmentFacts | undefined {
  const boxes = boxesOf(bytes, report);
  if (isWhole && boxes[0]?.type !== 'styp') report('C-08', `begins with ${boxes[0]?.type}, not styp`);
  checkOrder(boxes, report);
  const fragments: Fragment[] = [];
  for (const [index, box] of boxes.entries()) {
    if (box.type !== 'moof') continue;
    try {
      const fragment = readFragment(box);
      fragments.push(fragment);
      checkFragment(fragment, init, boxes[index + 1], report);
    } catch (error) {
      report('C-02', String(error));
    }
  }
  const [first] = fragments;
  if (first === undefined) {
    report('C-02', 'no moof');
    return undefined;
  }
  let nextTicks = first.baseDecodeTicks;
  let firstPresentationTicks = Number.POSITIVE_INFINITY;
  for (const fragment of fragments) {
    if (fragment.baseDecodeTicks !== nextTicks)
      report('C-01', `tfdt ${fragment.baseDecodeTicks}, expected ${nextTicks}`);
    nextTicks = fragment.baseDecodeTicks;
    for (const sample of fragment.samples) {
      firstPresentationTicks = Math.min(firstPresentationTicks, nextTicks + sample.compositionOffsetTicks);
      nextTicks += sample.durationTicks;
    }
  }
  const beginsWithSync = first.samples[0]?.isSync === true;
  return {
    fragments,
    startTicks: first.baseDecodeTicks,
    durationTicks: nextTicks - first.baseDecodeTicks,
    firstPresentationTicks,
    beginsWithSync,
  };
}

/** C-08: styp first and once, prft and emsg before their moof, mdat right after it, no sidx. */
function checkOrder(boxes: readonly Box[], report: Report): void {
  for (const [index, { type }] of boxes.entries()) {
    const next = boxes[index + 1]?.type;
    if (type === 'styp' && index > 0) report('C-08', 'styp inside a segment');
    if (type === 'sidx') report('C-08', 'sidx in a live segment');
    if (type === 'moof' && next !== 'mdat') report('C-08', `moof before ${next}`);
    if ((type === 'prft' || type === 'emsg') && !['prft', 'emsg', 'moof'].includes(next ?? '')) {
      report('C-08', `${type} before ${next}`);
    }
    if (!['styp', 'prft', 'emsg', 'moof', 'mdat'].includes(type)) report('C-08', `unexpected ${type}`);
  }
}

function checkFragment(fragment: Fragment, init: InitFacts, mdat: Box | undefined, report: Report): void {
  if (!fragment.isBaseMoof) report('C-02', 'default-base-is-moof is not set');
  if (fragment.trackFragments !== 1) report('C-02', `${fragment.trackFragments} track fragments`);
  if (fragment.samples.length === 0) report('C-02', 'a fragment without samples');
  const bytes = fragment.samples.reduce((total, sample) => total + sample.sizeBytes, 0);
  if (mdat !== undefined && bytes !== mdat.body.byteLength)
    report('C-02', `samples of ${bytes} bytes in ${mdat.body.byteLength}`);
  if (fragment.dataOffset !== fragment.moofSize + 8) report('C-02', `trun data offset ${fragment.dataOffset}`);
  const reorders = fragment.samples.some((sample) => sample.compositionOffsetTicks !== 0);
  if (init.isVideo && reorders && (fragment.trunVersion === 1) === init.hasEditList) {
    report('C-04', `trun version ${fragment.trunVersion} ${init.hasEditList ? 'with' : 'without'} an edit list`);
  }
  if (fragment.samples.some((sample) => sample.durationTicks === 0)) report('C-01', 'a sample without duration');
}

function boxesOf(bytes: Uint8Array, report: Report): Box[] {
  try {
    return readBoxes(bytes);
  } catch (error) {
    report('C-02', String(error));
    return [];
  }
}

import type { Report } from './findings.ts';

/** How an attribute's value is spelled (RFC 8216bis §4.2). */
type ValueForm = 'integer' | 'float' | 'signed' | 'quoted' | 'enum' | 'resolution' | 'yes-no' | 'yes';

interface TagForm {
  readonly required: readonly string[];
  readonly attributes: Readonly<Record<string, ValueForm>>;
}

const valueForms: Readonly<Record<ValueForm, RegExp>> = {
  integer: /^\d{1,20}$/,
  float: /^\d+(\.\d+)?$/,
  signed: /^-?\d+(\.\d+)?$/,
  quoted: /^"[^"\r\n]*"$/,
  enum: /^[^",\s]+$/,
  resolution: /^\d+x\d+$/,
  'yes-no': /^(YES|NO)$/,
  yes: /^YES$/,
};

const part = { URI: 'quoted', DURATION: 'float', INDEPENDENT: 'yes', BYTERANGE: 'quoted', GAP: 'yes' } as const;

/** Tags with attribute lists, as far as a server like ours may write them. */
const attributeTags: Readonly<Record<string, TagForm>> = {
  'EXT-X-SERVER-CONTROL': {
    required: [],
    attributes: {
      'CAN-SKIP-UNTIL': 'float',
      'CAN-SKIP-DATERANGES': 'yes',
      'HOLD-BACK': 'float',
      'PART-HOLD-BACK': 'float',
      'CAN-BLOCK-RELOAD': 'yes',
    },
  },
  'EXT-X-PART-INF': { required: ['PART-TARGET'], attributes: { 'PART-TARGET': 'float' } },
  'EXT-X-PART': { required: ['URI', 'DURATION'], attributes: part },
  'EXT-X-MAP': { required: ['URI'], attributes: { URI: 'quoted', BYTERANGE: 'quoted' } },
  'EXT-X-SKIP': {
    required: ['SKIPPED-SEGMENTS'],
    attributes: { 'SKIPPED-SEGMENTS': 'integer', 'RECENTLY-REMOVED-DATERANGES': 'quoted' },
  },
  'EXT-X-PRELOAD-HINT': {
    required: ['TYPE', 'URI'],
    attributes: { TYPE: 'enum', URI: 'quoted', 'BYTERANGE-START': 'integer', 'BYTERANGE-LENGTH': 'integer' },
  },
  'EXT-X-RENDITION-REPORT': {
    required: ['URI', 'LAST-MSN'],
    attributes: { URI: 'quoted', 'LAST-MSN': 'integer', 'LAST-PART': 'integer' },
  },
  'EXT-X-START': { required: ['TIME-OFFSET'], attributes: { 'TIME-OFFSET': 'signed', PRECISE: 'yes-no' } },
  'EXT-X-STREAM-INF': {
    required: ['BANDWIDTH'],
    attributes: {
      BANDWIDTH: 'integer',
      'AVERAGE-BANDWIDTH': 'integer',
      SCORE: 'float',
      CODECS: 'quoted',
      'SUPPLEMENTAL-CODECS': 'quoted',
      RESOLUTION: 'resolution',
      'FRAME-RATE': 'float',
      'HDCP-LEVEL': 'enum',
      'VIDEO-RANGE': 'enum',
      'STABLE-VARIANT-ID': 'quoted',
      AUDIO: 'quoted',
      VIDEO: 'quoted',
      SUBTITLES: 'quoted',
      'CLOSED-CAPTIONS': 'enum',
      NAME: 'quoted',
    },
  },
  'EXT-X-MEDIA': {
    required: ['TYPE', 'GROUP-ID', 'NAME'],
    attributes: {
      TYPE: 'enum',
      URI: 'quoted',
      'GROUP-ID': 'quoted',
      LANGUAGE: 'quoted',
      'ASSOC-LANGUAGE': 'quoted',
      NAME: 'quoted',
      'STABLE-RENDITION-ID': 'quoted',
      DEFAULT: 'yes-no',
      AUTOSELECT: 'yes-no',
      FORCED: 'yes-no',
      'INSTREAM-ID': 'quoted',
      CHARACTERISTICS: 'quoted',
      CHANNELS: 'quoted',
      'SAMPLE-RATE': 'integer',
      'BIT-DEPTH': 'integer',
    },
  },
};

/** Tags with a plain value, or none. */
const plainTags: Readonly<Record<string, RegExp>> = {
  EXTM3U: /^$/,
  'EXT-X-VERSION': /^\d+$/,
  'EXT-X-INDEPENDENT-SEGMENTS': /^$/,
  'EXT-X-TARGETDURATION': /^\d+$/,
  'EXT-X-MEDIA-SEQUENCE': /^\d+$/,
  'EXT-X-DISCONTINUITY-SEQUENCE': /^\d+$/,
  'EXT-X-DISCONTINUITY': /^$/,
  'EXT-X-GAP': /^$/,
  'EXT-X-ENDLIST': /^$/,
  'EXT-X-BITRATE': /^\d+$/,
  'EXT-X-PLAYLIST-TYPE': /^(EVENT|VOD)$/,
  'EXT-X-PROGRAM-DATE-TIME': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d)$/,
  EXTINF: /^\d+(\.\d+)?,.*$/,
};

/** One line that means something. */
export type PlaylistLine =
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'tag'; readonly name: string; readonly value: string; readonly attributes: Attributes };

/** An attribute list with its quotes removed. */
export type Attributes = Readonly<Record<string, string>>;

/** Splits a playlist into its lines, and reports everything that RFC 8216bis §4 does not allow. Unknown tags are findings: we know what we write. */
export function readLines(bytes: Uint8Array, report: Report): PlaylistLine[] {
  const text = decode(bytes, report);
  const lines = text.split(/\r?\n/);
  if (lines[0] !== '#EXTM3U') report('HLS-01', `the first line is ${JSON.stringify(lines[0]?.slice(0, 40))}`);
  if (lines.at(-1) !== '') report('HLS-01', 'the last line does not end');
  const read: PlaylistLine[] = [];
  for (const line of lines) {
    if (line === '') continue;
    if (line !== line.trim()) report('HLS-01', `white space around ${JSON.stringify(line)}`);
    if (!line.startsWith('#')) read.push({ kind: 'uri', uri: line });
    else if (line.startsWith('#EXT')) read.push(readTag(line, report));
  }
  return read;
}

function decode(bytes: Uint8Array, report: Report): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) report('HLS-01', 'begins with a byte order mark');
  for (const byte of bytes) {
    if ((byte < 0x20 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) {
      report('HLS-01', `control character 0x${byte.toString(16)}`);
      break;
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    report('HLS-01', 'is not UTF-8');
    return new TextDecoder().decode(bytes);
  }
}

function readTag(line: string, report: Report): PlaylistLine {
  const colon = line.indexOf(':');
  const name = colon === -1 ? line.slice(1) : line.slice(1, colon);
  const value = colon === -1 ? '' : line.slice(colon + 1);
  const plain = plainTags[name];
  const form = attributeTags[name];
  if (plain !== undefined && !plain.test(value)) report('HLS-01', `malformed ${line}`);
  if (plain === undefined && form === undefined) report('HLS-01', `unknown tag ${name}`);
  const attributes = form === undefined ? {} : readAttributes(name, value, form, report);
  return { kind: 'tag', name, value, attributes };
}

function readAttributes(tag: string, list: string, form: TagForm, report: Report): Attributes {
  const attributes: Record<string, string> = {};
  const matcher = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]*)(,(?=.)|$)/y;
  while (matcher.lastIndex < list.length) {
    const at = matcher.lastIndex;
    const match = matcher.exec(list);
    if (match === null) {
      report('HLS-01', `${tag}: malformed attribute list at "${list.slice(at, at + 40)}"`);
      break;
    }
    const [, name = '', value = ''] = match;
    const valueForm = form.attributes[name];
    if (valueForm === undefined) report('HLS-01', `${tag}: unknown attribute ${name}`);
    else if (!valueForms[valueForm].test(value)) report('HLS-01', `${tag}: ${name}=${value} is no ${valueForm}`);
    if (name in attributes) report('HLS-01', `${tag}: ${name} twice`);
    attributes[name] = value.startsWith('"') ? value.slice(1, -1) : value;
  }
  for (const name of form.required) {
    if (!(name in attributes)) report('HLS-01', `${tag}: ${name} is missing`);
  }
  return attributes;
}

import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Report } from './findings.ts';

/** An XML element as the parser gives it: attributes with `@`, children as lists. */
export interface Element {
  readonly [name: string]: unknown;
}

export interface MpdSegment {
  readonly number: number;
  readonly startTicks: number;
  readonly durationTicks: number;
}

export interface MpdRepresentation {
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly adaptation: Element;
  readonly template: Readonly<Record<string, string>>;
  readonly timescale: number;
  readonly presentationTimeOffset: number;
  /** Listed segments of a SegmentTimeline; `undefined` for `@duration`. */
  readonly timeline: readonly MpdSegment[] | undefined;
  /** Of `@duration`, ticks. */
  readonly fixedDurationTicks: number | undefined;
  readonly startNumber: number;
  readonly initUrl: string;
  mediaUrl(number: number, timeTicks: number): string;
}

export interface MpdPeriod {
  readonly id: string | undefined;
  readonly startSeconds: number | undefined;
  /** Known once the period is over. */
  readonly durationSeconds: number | undefined;
  readonly element: Element;
  readonly adaptations: readonly Element[];
  readonly representations: readonly MpdRepresentation[];
}

export interface Mpd {
  readonly attributes: Readonly<Record<string, string>>;
  readonly element: Element;
  readonly periods: readonly MpdPeriod[];
}

const listed = [
  ...['Period', 'AdaptationSet', 'Representation', 'SegmentTemplate', 'S', 'UTCTiming', 'BaseURL', 'Location'],
  ...['ProducerReferenceTime', 'Resync', 'Latency', 'PlaybackRate', 'ServiceDescription', 'SegmentTimeline', 'Role'],
];

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  parseTagValue: false,
  isArray: (name) => listed.includes(name),
});

const durationForm = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/;

/** xs:duration up to hours, in seconds; `undefined` when it is malformed or names nothing. */
export function parseDuration(text: string | undefined): number | undefined {
  const match = text === undefined ? null : durationForm.exec(text);
  if (match === null || match.slice(1).every((field) => field === undefined)) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((field) => Number(field ?? 0));
  return hours * 3600 + minutes * 60 + seconds;
}

/** The children of that name; none when there are none. */
export function children(element: Element, name: string): Element[] {
  const value = element[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((child) =>
    typeof child === 'string' ? { '#text': child } : child,
  );
}

/** An element's own attributes, without the prefix. */
export function attributesOf(element: Element): Record<string, string> {
  return Object.fromEntries(
    Object.entries(element).flatMap(([name, value]) => (name.startsWith('@') ? [[name.slice(1), String(value)]] : [])),
  );
}

/** Reads an MPD; `undefined`, with a finding, when it is not one. */
export function readMpd(text: string, url: string, report: Report): Mpd | undefined {
  const validity = XMLValidator.validate(text);
  if (validity !== true) {
    report('D-01', `not well-formed: ${validity.err.msg} in line ${validity.err.line}`);
    return undefined;
  }
  const element = (parser.parse(text) as { MPD?: Element }).MPD;
  if (element === undefined) {
    report('D-01', 'the root is not MPD');
    return undefined;
  }
  const base = baseOf(element, url);
  const periods = children(element, 'Period').map((period) => readPeriod(period, baseOf(period, base)));
  return { attributes: attributesOf(element), element, periods };
}

function baseOf(element: Element, url: string): string {
  const text = children(element, 'BaseURL')[0]?.['#text'];
  return typeof text === 'string' ? new URL(text, url).href : url;
}

function readPeriod(period: Element, base: string): MpdPeriod {
  const adaptations = children(period, 'AdaptationSet');
  return {
    id: attributesOf(period).id,
    startSeconds: parseDuration(attributesOf(period).start),
    durationSeconds: parseDuration(attributesOf(period).duration),
    element: period,
    adaptations,
    representations: adaptations.flatMap((adaptation) =>
      children(adaptation, 'Representation').map((representation) =>
        readRepresentation(adaptation, representation, baseOf(adaptation, base)),
      ),
    ),
  };
}

function readRepresentation(adaptation: Element, representation: Element, base: string): MpdRepresentation {
  const templates = [adaptation, representation].flatMap((element) => children(element, 'SegmentTemplate'));
  const template = Object.assign({}, ...templates.map(attributesOf)) as Record<string, string>;
  const timelines = templates.flatMap((element) => children(element, 'SegmentTimeline'));
  const attributes = { ...attributesOf(adaptation), ...attributesOf(representation) };
  const id = attributesOf(representation).id ?? '';
  const startNumber = Number(template.startNumber ?? 1);
  const timelineElement = timelines.at(-1);
  const ownBase = baseOf(representation, base);
  const fill = (pattern: string | undefined, values: Readonly<Record<string, string>>) =>
    new URL(
      (pattern ?? '').replace(/\$(\w*)\$/g, (_match, name: string) => values[name] ?? '$'),
      ownBase,
    ).href;
  return {
    id,
    attributes,
    adaptation,
    template,
    timescale: Number(template.timescale ?? 1),
    presentationTimeOffset: Number(template.presentationTimeOffset ?? 0),
    timeline: timelineElement === undefined ? undefined : readTimeline(timelineElement, startNumber),
    fixedDurationTicks: template.duration === undefined ? undefined : Number(template.duration),
    startNumber,
    initUrl: fill(template.initialization, { RepresentationID: id, Bandwidth: attributes.bandwidth ?? '' }),
    mediaUrl: (number, timeTicks) =>
      fill(template.media, {
        RepresentationID: id,
        Bandwidth: attributes.bandwidth ?? '',
        Number: String(number),
        Time: String(timeTicks),
      }),
  };
}

function readTimeline(timeline: Element, startNumber: number): MpdSegment[] {
  const segments: MpdSegment[] = [];
  let nextTicks = 0;
  for (const entry of children(timeline, 'S')) {
    const { t, d, r, n } = attributesOf(entry);
    if (t !== undefined) nextTicks = Number(t);
    let number = n === undefined ? (segments.at(-1)?.number ?? startNumber - 1) + 1 : Number(n);
    for (let repeat = 0; repeat <= Number(r ?? 0); repeat++) {
      segments.push({ number, startTicks: nextTicks, durationTicks: Number(d) });
      nextTicks += Number(d);
      number++;
    }
  }
  return segments;
}

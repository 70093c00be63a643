import type { Report } from './findings.ts';
import {
  attributesOf,
  children,
  type Element,
  type Mpd,
  type MpdPeriod,
  type MpdRepresentation,
  parseDuration,
} from './mpd.ts';

const dateForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const lowLatencyProfile = 'http://www.dashif.org/guidelines/low-latency-live-v5';
const durationAttributes = [
  ...['minimumUpdatePeriod', 'minBufferTime', 'timeShiftBufferDepth', 'suggestedPresentationDelay'],
  ...['mediaPresentationDuration', 'maxSegmentDuration'],
];

/** What one MPD must hold by itself (ISO/IEC 23009-1, DASH-IF live and low-latency guidelines). */
export function checkMpd(mpd: Mpd, report: Report): void {
  const isLowLatency = mpd.periods.some((period) => period.representations.some(isChunked));
  checkRoot(mpd, isLowLatency, report);
  checkPeriods(mpd, report);
  for (const period of mpd.periods) {
    for (const adaptation of period.adaptations) checkAdaptation(adaptation, report);
    for (const representation of period.representations) checkRepresentation(mpd, representation, report);
  }
  if (isLowLatency) checkLowLatency(mpd, report);
}

/** A representation whose segments can be fetched while they are made. */
export function isChunked(representation: MpdRepresentation): boolean {
  return representation.template.availabilityTimeOffset !== undefined;
}

function checkRoot({ attributes, element }: Mpd, isLowLatency: boolean, report: Report): void {
  if (attributes.xmlns !== 'urn:mpeg:dash:schema:mpd:2011') report('D-01', `namespace ${attributes.xmlns}`);
  for (const name of durationAttributes) {
    const value = attributes[name];
    if (value !== undefined && parseDuration(value) === undefined) report('D-01', `${name}="${value}" is no duration`);
  }
  if (attributes.minBufferTime === undefined) report('D-01', 'minBufferTime is missing');
  const profiles = (attributes.profiles ?? '').split(',').map((profile) => profile.trim());
  const wanted = ['urn:mpeg:dash:profile:isoff-live:2011', 'urn:mpeg:dash:profile:cmaf:2019'];
  for (const profile of isLowLatency ? [...wanted, lowLatencyProfile] : wanted) {
    if (!profiles.includes(profile)) report('D-03', `profile ${profile} is missing`);
  }
  const isEnded = attributes.mediaPresentationDuration !== undefined;
  if (isEnded && attributes.type === 'dynamic' && attributes.minimumUpdatePeriod !== undefined) {
    report('D-17', 'minimumUpdatePeriod stays after the end');
  }
  if (attributes.type === 'static') {
    if (!isEnded) report('D-17', 'static without mediaPresentationDuration');
    return;
  }
  if (attributes.type !== 'dynamic') report('D-04', `type "${attributes.type}"`);
  for (const name of ['availabilityStartTime', 'publishTime']) {
    if (!dateForm.test(attributes[name] ?? '')) report('D-04', `${name}="${attributes[name]}"`);
  }
  if (!isEnded && attributes.minimumUpdatePeriod === undefined) report('D-05', 'minimumUpdatePeriod is missing');
  if (attributes.timeShiftBufferDepth === undefined) report('D-06', 'timeShiftBufferDepth is missing');
  const clocks = children(element, 'UTCTiming').map(attributesOf);
  const known = /^urn:mpeg:dash:utc:(http-xsdate|http-iso|http-ntp):201[24]$/;
  if (!clocks.some((clock) => known.test(clock.schemeIdUri ?? ''))) report('D-09', 'no UTCTiming over HTTP');
}

function checkPeriods({ periods }: Mpd, report: Report): void {
  if (periods.length === 0) report('D-10', 'no period');
  const ids = periods.map((period) => period.id);
  if (ids.includes(undefined) || new Set(ids).size !== ids.length) report('D-10', `period ids ${ids.join(' ')}`);
  let lastStart = -1;
  for (const { id, startSeconds } of periods) {
    if (startSeconds === undefined) report('D-10', `period ${id} without a start`);
    else if (startSeconds <= lastStart) report('D-10', `period ${id} starts at ${startSeconds}, after ${lastStart}`);
    lastStart = startSeconds ?? lastStart;
  }
}

function checkAdaptation(adaptation: Element, report: Report): void {
  const attributes = attributesOf(adaptation);
  const where = attributes.id ?? attributes.contentType;
  for (const name of ['contentType', 'mimeType', 'segmentAlignment', 'startWithSAP']) {
    if (attributes[name] === undefined) report('D-11', `adaptation set ${where}: ${name} is missing`);
  }
  if (attributes.segmentAlignment !== 'true')
    report('D-11', `${where}: segmentAlignment="${attributes.segmentAlignment}"`);
  if (attributes.startWithSAP !== '1') report('D-11', `${where}: startWithSAP="${attributes.startWithSAP}"`);
}

function checkRepresentation(mpd: Mpd, representation: MpdRepresentation, report: Report): void {
  const { id, attributes, timeline, fixedDurationTicks, timescale, template } = representation;
  for (const name of ['bandwidth', 'codecs']) {
    if (attributes[name] === undefined) report('D-11', `${id}: ${name} is missing`);
  }
  if (attributes.contentType === 'video') {
    for (const name of ['width', 'height', 'frameRate']) {
      if (attributes[name] === undefined && attributes[`max${name[0]?.toUpperCase()}${name.slice(1)}`] === undefined) {
        report('D-11', `${id}: ${name} is missing`);
      }
    }
  }
  if (timeline === undefined && fixedDurationTicks === undefined)
    report('D-08', `${id}: neither timeline nor duration`);
  if (timeline !== undefined && fixedDurationTicks !== undefined) report('D-08', `${id}: both timeline and duration`);
  if (timeline !== undefined) {
    const longest = Math.max(0, ...timeline.map((segment) => segment.durationTicks)) / timescale;
    const update = parseDuration(mpd.attributes.minimumUpdatePeriod);
    if (update !== undefined && timeline.length > 0 && update > longest + 0.001) {
      report('D-05', `minimumUpdatePeriod ${update} s with segments of ${longest} s`);
    }
    for (const [index, segment] of timeline.entries()) {
      const previous = timeline[index - 1];
      const gap = previous === undefined ? 0 : segment.startTicks - previous.startTicks - previous.durationTicks;
      if (gap < 0) report('D-08', `${id}: segment ${segment.number} overlaps the one before`);
      if (!(segment.durationTicks > 0))
        report('D-08', `${id}: segment ${segment.number} lasts ${segment.durationTicks}`);
    }
  }
  const isChunk = template.availabilityTimeOffset !== undefined;
  if (isChunk !== (template.availabilityTimeComplete === 'false')) {
    report('D-12', `${id}: availabilityTimeOffset and availabilityTimeComplete="false" belong together`);
  }
}

/** D-13, D-14: only for low latency. */
function checkLowLatency(mpd: Mpd, report: Report): void {
  const latencies = children(mpd.element, 'ServiceDescription').flatMap((service) => children(service, 'Latency'));
  const [latency] = latencies.map(attributesOf);
  for (const name of ['target', 'min', 'max']) {
    if (!(Number(latency?.[name]) > 0)) report('D-13', `Latency@${name} is "${latency?.[name]}"`);
  }
  const references = mpd.periods.flatMap(({ adaptations }) =>
    adaptations.flatMap((adaptation) => [adaptation, ...children(adaptation, 'Representation')]),
  );
  const ids = references.flatMap((element) => children(element, 'ProducerReferenceTime')).map(({ '@id': id }) => id);
  if (latency?.referenceId !== undefined && !ids.includes(latency.referenceId)) {
    report('D-13', `Latency@referenceId ${latency.referenceId} is none of ${ids.join(' ')}`);
  }
  for (const period of mpd.periods) {
    for (const representation of period.representations.filter(isChunked))
      checkReferences(period, representation, latency, report);
  }
}

function checkReferences(
  period: MpdPeriod,
  { id, adaptation, timescale }: MpdRepresentation,
  latency: Readonly<Record<string, string>> | undefined,
  report: Report,
): void {
  const own = children(adaptation, 'Representation').find((element) => attributesOf(element).id === id) ?? {};
  const references = [adaptation, own]
    .flatMap((element) => children(element, 'ProducerReferenceTime'))
    .map(attributesOf);
  if (references.length === 0) report('D-14', `${period.id}/${id}: no ProducerReferenceTime`);
  const ids = references.map((reference) => reference.id);
  if (new Set(ids).size !== ids.length)
    report('D-14', `${period.id}/${id}: ProducerReferenceTime ids ${ids.join(' ')}`);
  const resyncs = [adaptation, own].flatMap((element) => children(element, 'Resync')).map(attributesOf);
  const targetSeconds = Number(latency?.target) / 1000;
  for (const { dT, marker } of resyncs) {
    if (dT !== undefined && Number(dT) / timescale > targetSeconds)
      report('D-14', `${id}: Resync@dT ${dT} above the target latency`);
    if (marker !== 'true') report('D-14', `${id}: Resync without marker`);
  }
}

/** What may change from one MPD to the next: D-04, D-10. `texts`: as sent. */
export function checkMpdMutation(before: Mpd, after: Mpd, texts: readonly [string, string], report: Report): void {
  const { availabilityStartTime: startBefore, publishTime: publishedBefore } = before.attributes;
  const { availabilityStartTime: startAfter, publishTime: publishedAfter } = after.attributes;
  if (startBefore !== undefined && startAfter !== undefined && startBefore !== startAfter) {
    report('D-04', `availabilityStartTime went from ${startBefore} to ${startAfter}`);
  }
  const [bare, bareAfter] = texts.map((text) => text.replace(/publishTime="[^"]*"/, ''));
  const isSameContent = bare === bareAfter;
  if (isSameContent !== (publishedBefore === publishedAfter)) {
    report('D-04', isSameContent ? 'publishTime changed alone' : `changed, but publishTime stays ${publishedAfter}`);
  }
  const starts = new Map(before.periods.map((period) => [period.id, period.startSeconds]));
  for (const { id, startSeconds } of after.periods) {
    const known = starts.get(id);
    if (known !== undefined && known !== startSeconds)
      report('D-10', `period ${id} moved from ${known} to ${startSeconds}`);
  }
  checkTimelines(before, after, report);
}

function checkTimelines(before: Mpd, after: Mpd, report: Report): void {
  const known = new Map<string, number>();
  const each = (mpd: Mpd, visit: (key: string, startTicks: number) => void) => {
    for (const period of mpd.periods) {
      for (const { id, timeline } of period.representations) {
        for (const segment of timeline ?? []) visit(`${period.id} ${id} ${segment.number}`, segment.startTicks);
      }
    }
  };
  each(before, (key, startTicks) => known.set(key, startTicks));
  each(after, (key, startTicks) => {
    const was = known.get(key);
    if (was !== undefined && was !== startTicks) report('D-08', `segment ${key} moved from ${was} to ${startTicks}`);
  });
}

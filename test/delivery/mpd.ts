import { XMLParser } from 'fast-xml-parser';

/** An element as the parser gives it: attributes and children by name. */
type Element = { readonly [name: string]: string & Element };

export interface Period {
  readonly id: string;
  readonly start: string;
  readonly duration: string | undefined;
  readonly sets: readonly AdaptationSet[];
}

interface AdaptationSet {
  readonly kind: string | undefined;
  readonly attributes: Element;
  readonly continuity: readonly string[];
  readonly representations: readonly Representation[];
}

interface Representation {
  readonly id: string | undefined;
  readonly attributes: Element;
  readonly template: Element;
  readonly timeline: readonly Element[];
}

function children(parent: Element | undefined, name: string): Element[] {
  const found: unknown = parent?.[name];
  if (found === undefined) return [];
  return (Array.isArray(found) ? found : [found]) as Element[];
}

/** What a test asks about an MPD. */
export function parseMpd(text: string): { mpd: Element; periods: Period[] } {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
  const mpd = parser.parse(text).MPD as Element;
  const periods = children(mpd, 'Period').map((period) => ({
    id: period.id!,
    start: period.start!,
    duration: period.duration,
    sets: children(period, 'AdaptationSet').map((set) => ({
      kind: set.contentType,
      attributes: set,
      continuity: children(set, 'SupplementalProperty').map((property) => `${property.schemeIdUri} ${property.value}`),
      representations: children(set, 'Representation').map((one) => ({
        id: one.id,
        attributes: one,
        template: one.SegmentTemplate!,
        timeline: children(one.SegmentTemplate?.SegmentTimeline, 'S'),
      })),
    })),
  }));
  return { mpd, periods };
}

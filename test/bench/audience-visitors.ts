/** By what the server can know a viewer. */
export const visitorKinds = ['header', 'query', 'reporting', 'anonymous'] as const;
export type VisitorKind = (typeof visitorKinds)[number];

/** By which way viewers come: straight to the server, or through a proxy whose word on addresses it takes. */
export type Door = 'direct' | 'proxied';

/** All by their own identity; or all under one session id, as if they were one viewer with many connections. */
export type Crowding = 'many' | 'one';

export interface Visitor {
  readonly kind: VisitorKind;
  readonly sessionId: string;
  readonly userAgent: string;
  /** As a proxy tells it; undefined: it comes straight. */
  readonly address: string | undefined;
  /** Lines of its own in each request, each with its end. */
  readonly headers: string;
  /** CMCD that tells its session; who says nothing does not send it. */
  readonly session: string;
  /** CMCD in the query of each request; empty: none. */
  readonly query: string;
}

/** Of ten in a row. */
const kindsOf: Readonly<Record<Door, readonly VisitorKind[]>> = {
  direct: [
    ...(['header', 'query', 'reporting', 'reporting', 'header'] as const),
    ...(['query', 'reporting', 'reporting', 'header', 'query'] as const),
  ],
  proxied: [
    ...(['header', 'anonymous', 'anonymous', 'anonymous', 'anonymous'] as const),
    ...(['header', 'anonymous', 'anonymous', 'anonymous', 'anonymous'] as const),
  ],
};

const browsers = ['Chrome/140.0', 'Firefox/143.0', 'Edg/140.0', 'Version/18.6 Safari/605.1', 'OPR/122.0'];

/** The viewer that comes as `number`, counted from 0 at each door. Nobody has the identity of another, or of one who has left. */
export function visitorOf(number: number, door: Door, crowding: Crowding): Visitor {
  const kind = crowding === 'one' ? 'header' : kindsOf[door][number % 10]!;
  const sessionId = crowding === 'one' ? 'everybody' : `${door}-${String(number).padStart(8, '0')}-4000-8000`;
  const userAgent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ${browsers[number % browsers.length]}`;
  const session = `sf=h,sid="${sessionId}",v=2`;
  const lines = [
    `User-Agent: ${userAgent}`,
    'Accept: */*',
    'Accept-Language: en-US,en;q=0.9',
    'Origin: http://watch.example.org',
    'Referer: http://watch.example.org/',
  ];
  // Each from a network of its own: the last byte of an address is not kept.
  const address = door === 'proxied' ? addressOf(number) : undefined;
  if (address !== undefined) lines.push(`X-Forwarded-For: ${address}`);
  if (kind === 'header' || kind === 'reporting') lines.push(`CMCD-Session: ${session}`);
  return {
    kind,
    sessionId,
    userAgent,
    address,
    session,
    headers: lines.map((line) => `${line}\r\n`).join(''),
    query: kind === 'query' ? `CMCD=${encodeURIComponent(session)}` : '',
  };
}

function addressOf(number: number): string {
  return `${10 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}.7`;
}

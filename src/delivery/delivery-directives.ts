/** The delivery directives of a media playlist request (RFC 8216bis §6.2.5). */
export interface DeliveryDirectives {
  readonly msn?: number;
  readonly part?: number;
  /** `v2` would also allow to skip EXT-X-DATERANGE. */
  readonly skip?: 'YES' | 'v2';
}

/** The directives of a raw query string, or the reason why it must be refused. Other parameters are none of our business. */
export function parseDeliveryDirectives(query: string): DeliveryDirectives | { readonly refusal: string } {
  if (!query.includes('_HLS_')) return {};
  const directives: { msn?: number; part?: number; skip?: 'YES' | 'v2' } = {};
  const seen = new Set<string>();
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    if (name !== '_HLS_msn' && name !== '_HLS_part' && name !== '_HLS_skip') continue;
    if (seen.has(name)) return { refusal: `${name} is given twice` };
    seen.add(name);
    if (name === '_HLS_skip') {
      if (value !== 'YES' && value !== 'v2') return { refusal: '_HLS_skip is neither YES nor v2' };
      directives.skip = value;
    } else {
      const number = parseDecimalInteger(value);
      if (number === undefined) return { refusal: `${name} is not a decimal integer` };
      directives[name === '_HLS_msn' ? 'msn' : 'part'] = number;
    }
  }
  if (directives.part !== undefined && directives.msn === undefined) {
    return { refusal: '_HLS_part needs _HLS_msn' };
  }
  return directives;
}

function parseDecimalInteger(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Header names of CMCD (CTA-5004 §2.1), in lower case. */
export const cmcdHeaders = ['cmcd-object', 'cmcd-request', 'cmcd-session', 'cmcd-status'] as const;

/** The value of `CMCD=` in a raw query, as it stands there; undefined where there is none. */
export function cmcdOfQuery(query: string): string | undefined {
  let at = query.startsWith('CMCD=') ? 0 : query.indexOf('&CMCD=') + 1;
  if (at === 0 && !query.startsWith('CMCD=')) return undefined;
  at += 'CMCD='.length;
  const end = query.indexOf('&', at);
  return end < 0 ? query.slice(at) : query.slice(at, end);
}

/** The text of a query value; undefined when its percent-encoding is broken. A plus is a space: dash.js encodes as forms do. */
export function decodeQueryValue(value: string): string | undefined {
  const text = value.replaceAll('+', ' ');
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

import type { LinkView } from '../contract/links.ts';
import { bold, localTime, renderPairs } from './table.ts';

/** A link that was just made, in each form. */
export function linkText({ urls, expires_at: expiresAt }: LinkView): string {
  return [
    `Whoever has this link may watch until ${bold(localTime(expiresAt) ?? '')}:`,
    '',
    renderPairs([
      ['watch', urls.watch],
      ['embed', urls.embed],
      ['HLS', urls.hls],
      ['HLS, MPEG-TS', urls.hls_ts],
      ['DASH', urls.dash],
    ]),
  ].join('\n');
}

import { embeddedText } from '../base/embedded.ts';
import type { WebAsset, WebAssets } from './web-assets.ts';

type Written = Omit<WebAsset, 'body' | 'gzipped'> & { readonly body: string; readonly gzipped: string };

/** Pages and scripts as one text, for the executable. */
export function writeWebAssets(assets: WebAssets): string {
  const written = [...assets].map(([path, { body, gzipped, ...rest }]): [string, Written] => [
    path,
    { ...rest, body: Buffer.from(body).toString('base64'), gzipped: Buffer.from(gzipped).toString('base64') },
  ]);
  return JSON.stringify(written);
}

/** What the executable was built with. */
export function embeddedWebAssets(): WebAssets {
  const written = JSON.parse(embeddedText('web-assets.json')) as [string, Written][];
  return new Map(
    written.map(([path, { body, gzipped, ...rest }]) => [
      path,
      { ...rest, body: Buffer.from(body, 'base64'), gzipped: Buffer.from(gzipped, 'base64') },
    ]),
  );
}

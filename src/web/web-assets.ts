import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { isExecutable } from '../base/embedded.ts';
import { embeddedWebAssets } from './embedded-assets.ts';

/** One file as a browser gets it. */
export interface WebAsset {
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly gzipped: Uint8Array;
  /** Strong, with its quotes. */
  readonly etag: string;
  /** The path changes with the content, so it may be kept for ever. */
  readonly isImmutable: boolean;
}

/** By absolute path: `/assets/watch-1f0c….js`; pages under the names `/`, `/watch`, `/embed` and `/docs`. */
export type WebAssets = ReadonlyMap<string, WebAsset>;

const gzipBytes = promisify(gzip);
const folder = import.meta.dirname;

const contentTypes = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
} as const;

/** Every page and script: as the executable was built with, or made of the sources. */
export async function loadWebAssets(): Promise<WebAssets> {
  return isExecutable ? embeddedWebAssets() : await buildWebAssets();
}

/** Builds them in memory; about 0.2 s. Nothing is fetched and nothing is written. */
export async function buildWebAssets(): Promise<WebAssets> {
  const assets = new Map<string, WebAsset>();
  const paths: Record<string, string> = {};
  const files: readonly [name: string, type: keyof typeof contentTypes, body: Promise<Uint8Array>][] = [
    ['watch.js', 'js', bundle('watch/main.ts')],
    ['landing.js', 'js', bundle('landing/main.ts')],
    ['reference.js', 'js', bundle('reference/main.ts')],
    ['reference.css', 'css', bundle('reference/reference.css')],
    ['hls.worker.js', 'js', readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.worker.js'))],
    ['style.css', 'css', bundle('style.css')],
    ['icon.svg', 'svg', readFile(join(folder, 'icon.svg'))],
  ];
  for (const [name, type, loading] of files) {
    const body = await loading;
    const path = `/assets/${name.replace(/\.(?=[a-z]+$)/, `-${digest(body)}.`)}`;
    paths[name] = path;
    assets.set(path, await asset(contentTypes[type], body, true));
  }
  const watch = await readFile(join(folder, 'watch/watch.html'), 'utf8');
  const landing = await readFile(join(folder, 'landing/landing.html'), 'utf8');
  assets.set('/watch', await page(watch, { ...paths, page: 'watch' }));
  assets.set('/embed', await page(watch, { ...paths, page: 'embed' }));
  assets.set('/', await page(landing, paths));
  const reference = await readFile(join(folder, 'reference/reference.html'), 'utf8');
  assets.set('/docs', await page(reference, paths));
  return assets;
}

async function bundle(entry: string): Promise<Uint8Array> {
  const { build } = await import('esbuild'); // a native program: not loaded before somebody asks for a page
  const result = await build({
    entryPoints: [join(folder, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['es2022', 'safari16'],
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild wrote nothing for ${entry}`);
  return file.contents;
}

function page(html: string, values: Readonly<Record<string, string>>): Promise<WebAsset> {
  const filled = html.replace(/\{\{([a-z.]+)\}\}/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a page refers to "${name}", which is not built`);
    return value;
  });
  return asset(contentTypes.html, new TextEncoder().encode(filled), false);
}

const place = '<!-- live -->';

/** A page with `html` where it has a place for it. */
export function fillPage(page: WebAsset, html: string): Promise<WebAsset> {
  const text = new TextDecoder().decode(page.body).replace(place, () => html);
  return asset(page.contentType, new TextEncoder().encode(text), page.isImmutable);
}

async function asset(contentType: string, body: Uint8Array, isImmutable: boolean): Promise<WebAsset> {
  return { contentType, body, gzipped: await gzipBytes(body), etag: `"${digest(body)}"`, isImmutable };
}

function digest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}

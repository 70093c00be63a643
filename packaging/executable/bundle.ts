import { resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');

export interface Bundle {
  /** CommonJS. */
  readonly code: string;
  /** Folders of the packages that are in it, from the root of the project. */
  readonly packages: ReadonlySet<string>;
}

/** One file of everything that `entry` needs, less what belongs to Node; `entry` is a path from the root of the project. */
export async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // Only the sources ask for these: where they lie, the builder of the pages, and what oclif would run TypeScript with.
    define: { 'import.meta.url': '"file:///"', 'import.meta.dirname': '""', 'process.env.FLUENTFFMPEG_COV': '""' },
    // The same with its WebAssembly in the text, and not in a file beside it.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    external: ['esbuild', 'typescript'],
    loader: { '.node': 'empty' },
    logLevel: 'warning',
  });
  return { code: outputFiles[0]!.text, packages: packagesIn(metafile) };
}

function packagesIn(metafile: Metafile): Set<string> {
  const folders = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return folders;
}

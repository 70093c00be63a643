import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');

export interface Bundle {
  /** CommonJS. */
  readonly code: string;
  /** Folders of the packages that are in it, from the root of the project. */
  readonly packages: ReadonlySet<string>;
}

/** What two of blessed's widgets ask for when they are used, which ours never are. */
const widgetPrograms = ['term.js', 'pty.js'];

/** blessed asks for its widgets by names that it puts together: here each is asked for by its own. */
const blessedWidgets: Plugin = {
  name: 'blessed-widgets',
  setup(build) {
    build.onLoad({ filter: /\/blessed\/lib\/widget\.js$/ }, ({ path }) => {
      const names = readdirSync(join(dirname(path), 'widgets')).map((file) => parse(file).name);
      const requires = names.map((name) => `${name}: () => require('./widgets/${name}')`);
      const source = readFileSync(path, 'utf8');
      const contents = source.replace("require('./widgets/' + file)", `({ ${requires.join(', ')} })[file]()`);
      if (contents === source) throw new Error(`${path} does not load its widgets as it did`);
      return { contents };
    });
  },
};

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
    external: ['esbuild', 'typescript', ...widgetPrograms],
    plugins: [blessedWidgets],
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

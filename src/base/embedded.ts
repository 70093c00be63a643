import { getRawAsset, isSea } from 'node:sea';

/** Files that travel inside the executable, by name. From the sources each of them is found, or made, where it lies. */
export type EmbeddedFile =
  | `${'store' | 'media' | 'delivery'}-worker.js`
  | 'better-sqlite3.node'
  | 'host.node'
  | 'web-assets.json'
  | 'sample.flv'
  | 'licenses.txt'
  | 'xterm-256color';

/** Whether the program runs as one executable. */
export const isExecutable = isSea();

/** The bytes of a file inside the executable; only to be read. Throws from the sources. */
export function embeddedFile(name: EmbeddedFile): Uint8Array {
  return new Uint8Array(getRawAsset(name) as ArrayBuffer);
}

export function embeddedText(name: EmbeddedFile): string {
  return new TextDecoder().decode(embeddedFile(name));
}

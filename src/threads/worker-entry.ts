import { embeddedText, isExecutable } from '../base/embedded.ts';

/** Threads of the program, by the file each begins with. */
export type ThreadName = 'store' | 'media' | 'delivery';

/** A thread's code: the source beside this file, or in the executable a bundle of its own. */
export function workerEntry(name: ThreadName): { readonly code: URL | string; readonly isText: boolean } {
  if (isExecutable) return { code: embeddedText(`${name}-worker.js`), isText: true };
  return { code: new URL(`./${name}-worker.ts`, import.meta.url), isText: false };
}

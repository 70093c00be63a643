/** Threads of the program, by the file each begins with. */
export type ThreadName = 'store' | 'media' | 'delivery';

/** Where a thread's code is: beside this file, as a source or, when the program was bundled, as a bundle of its own. */
export function workerEntry(name: ThreadName): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./${name}-worker${extension}`, import.meta.url);
}

/** Threads of the program, by the file each begins with. */
export type ThreadName = 'store' | 'media' | 'delivery';

/** Where a thread's code is: the file beside this one. */
export function workerEntry(name: ThreadName): URL {
  return new URL(`./${name}-worker.ts`, import.meta.url);
}

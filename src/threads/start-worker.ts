import { Worker } from 'node:worker_threads';
import type { Log } from '../observability/log.ts';
import { heapLimits } from './heap-limits.ts';
import { type ThreadName, workerEntry } from './worker-entry.ts';

/** Starts a thread of the program with this plain data. What it does not catch is logged, and is its death. */
export function startWorker(entry: ThreadName, name: string, workerData: object, log: Pick<Log, 'error'>): Worker {
  const { code, isText } = workerEntry(entry);
  const worker = new Worker(code, { name, eval: isText, resourceLimits: heapLimits[entry], workerData });
  worker.on('error', (error) => log.error({ err: error, thread: name }, 'a thread failed'));
  return worker;
}

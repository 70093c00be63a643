/** Aborted by the first Ctrl-C or SIGTERM, for an end in order; the second one ends the process at once. */
export function endSignal(): AbortSignal {
  const end = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const abort = () => {
    for (const name of names) process.off(name, abort);
    end.abort();
  };
  for (const name of names) process.on(name, abort);
  return end.signal;
}

/** What `work` gives; undefined, and the exit code of an interrupt, when Ctrl-C or SIGTERM ended it. */
export async function unlessInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const signal = endSignal();
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = 130;
    return undefined;
  }
}

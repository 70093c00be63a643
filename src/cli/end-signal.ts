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

/** On a machine that is slow, and busy with other tests. */
const patienceMs = 30_000;

/** Waits until `condition` gives something other than `false` or `undefined`; throws with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  timeoutMs = patienceMs,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until `claims` holds with everything that it expects, at one and the same look, and gives what it gives; fails as the last look did. */
export async function eventually<T>(claims: () => T | Promise<T>, timeoutMs = patienceMs): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await claims();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

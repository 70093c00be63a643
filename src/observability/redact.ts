/** Stream keys and API tokens, and the three parts of a JWT: whatever has their shape is a secret. */
const secretShapes = /\b(sk|pat)_([A-Za-z0-9]{10})_[A-Za-z0-9]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g;

/** Text without the secrets in it; of a key its id stays, which tells which one it was. */
export function redactSecrets(text: string): string {
  return text.replace(secretShapes, (_match, kind?: string, id?: string) =>
    kind === undefined ? '[redacted]' : `${kind}_${id}_[redacted]`,
  );
}

/**
 * Stream keys and API tokens, also with their underscores as `%5F`, and the three parts of a JWT: whatever has their shape is a secret,
 * wherever in a text it stands.
 */
const secretShapes = /(sk|pat)(?:_|%5f)([a-z0-9]{10})(?:_|%5f)[a-z0-9]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/gi;

/** Text without the secrets in it; of a key its id stays, which tells which one it was. */
export function redactSecrets(text: string): string {
  return text.replace(secretShapes, (_match, kind?: string, id?: string) =>
    kind === undefined ? '[redacted]' : `${kind}_${id}_[redacted]`,
  );
}

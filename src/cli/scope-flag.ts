import { StreamctlError } from '../base/errors.ts';
import { isScope, type Scope, scopeNames } from '../contract/scopes.ts';

/** Reads `--scope streams:read,metrics:read --scope keys:read`. Throws CLI_FLAG_INVALID. */
export function readScopes(texts: readonly string[]): Scope[] {
  const names = texts.flatMap((text) => text.split(',').map((name) => name.trim()));
  return names.map((name) => {
    if (isScope(name)) return name;
    throw new StreamctlError('CLI_FLAG_INVALID', {
      flag: 'scope',
      found: name,
      wanted: `some of ${scopeNames.join(', ')}`,
    });
  });
}

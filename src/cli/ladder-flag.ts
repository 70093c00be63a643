import { StreamctlError } from '../base/errors.ts';
import { keyPolicyView } from '../contract/keys.ts';

/** Reads `480p,360p` or `none` given to `--ladder`; undefined for all rungs. Throws CLI_FLAG_INVALID. */
export function readLadder(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text === 'none' ? [] : text.split(',').map((name) => name.trim());
  if (keyPolicyView.safeParse({ ladder: names }).success) return names;
  const wanted = 'names of rungs of a-z and 0-9, such as 480p,360p, or none';
  throw new StreamctlError('CLI_FLAG_INVALID', { flag: 'ladder', found: text, wanted });
}

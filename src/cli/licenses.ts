import { embeddedText, isExecutable } from '../base/embedded.ts';
import { StreamctlError } from '../base/errors.ts';

/** The licences of all code in the executable. Throws LICENSES_NOT_EMBEDDED from the sources, where each package has its own. */
export function licensesText(): string {
  if (!isExecutable) throw new StreamctlError('LICENSES_NOT_EMBEDDED', {});
  return embeddedText('licenses.txt');
}

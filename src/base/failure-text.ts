import { isStreamctlError } from './errors.ts';
import { redactSecrets } from './redact.ts';

/** Why there was no answer, in a line; never with the address. */
export function describeFailure(error: unknown): string {
  if (isStreamctlError(error)) return `${error.message} ${error.remedy}`;
  const { name, code, message, errors } = error as NodeJS.ErrnoException & {
    errors?: readonly NodeJS.ErrnoException[];
  };
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'it did not answer in time';
  const said = [code, errors?.[0]?.code, message].find((text) => typeof text === 'string' && text !== '');
  return boundedText(said ?? 'it cannot be reached', 200);
}

/** Foreign text for a line of ours: printable, without secrets, cut. */
export function boundedText(text: string, maxLength: number): string {
  const line = redactSecrets(text.slice(0, 4096))
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}

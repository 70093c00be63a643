import { isStreamctlError } from './errors.ts';
import { redactSecrets } from './redact.ts';

/** Codes of Node and OpenSSL: the certificate was not accepted, or what the other side speaks is no TLS that we know. */
export const tlsErrorCodes =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)/;
const endedBeforeTls = 'Client network socket disconnected before secure TLS connection was established';

/** Why TLS with a server did not come about, in a line; undefined for every other error. */
export function tlsFailure(error: unknown): string | undefined {
  const { code = '', message = '', reason = message } = error as NodeJS.ErrnoException & { readonly reason?: string };
  if (message.startsWith(endedBeforeTls)) return 'it ended the connection before TLS was agreed on';
  if (!tlsErrorCodes.test(code)) return undefined;
  const [sentence = ''] = reason.split('; if the root CA', 1); // Node goes on with advice about another way
  return `${boundedText(sentence, 160)} (${code})`;
}

/** Why there was no answer, in a line; never with the address. */
export function describeFailure(error: unknown): string {
  if (isStreamctlError(error)) return `${error.message} ${error.remedy} (${error.code})`;
  const tls = tlsFailure(error);
  if (tls !== undefined) return `no secure connection: ${tls}; NODE_EXTRA_CA_CERTS=FILE names an authority of your own`;
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

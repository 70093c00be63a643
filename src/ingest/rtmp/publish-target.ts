import { StreamctlError } from '../../base/errors.ts';

/** The one application. */
export const applicationName = 'live';

/** "live", "live/" and "live?token=x" are the application "live": encoders add slashes and queries. */
export function readApplication(app: string): string {
  return beforeQuery(app).replace(/\/+$/, '');
}

const maxNameBytes = 256;

/**
 * The stream name without its query, otherwise verbatim: encoders do not decode percent signs, neither do we.
 * Throws RTMP_STREAM_NAME_INVALID, which does not repeat the name: it may be a mistyped key.
 */
export function readStreamName(value: unknown): string {
  const name = typeof value === 'string' ? beforeQuery(value) : '';
  if (name === '') throw invalid('it is empty');
  if (Buffer.byteLength(name) > maxNameBytes) throw invalid(`it is longer than ${maxNameBytes} bytes`);
  if (/[/\\]|\.\./.test(name)) throw invalid('it has a slash or ".." in it');
  if (/[\p{Cc}\ufffd]/u.test(name)) throw invalid('it has control characters in it');
  return name;
}

function beforeQuery(text: string): string {
  const at = text.indexOf('?');
  return at < 0 ? text : text.slice(0, at);
}

function invalid(why: string): StreamctlError {
  return new StreamctlError('RTMP_STREAM_NAME_INVALID', { why });
}

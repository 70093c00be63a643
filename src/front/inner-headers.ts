import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Carries the address of who asks from delivery to control. What comes from outside under this name is dropped. */
export const clientAddressHeader = 'x-streamctl-client-address';

/** Fields of one connection only (RFC 9110 §7.6.1), and those by which it frames its bodies: each side has its own. */
const ofOneConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A request's headers as control is to have them: end to end, with the address of who asks. */
export function headersToControl(headers: IncomingHttpHeaders, clientAddress: string): OutgoingHttpHeaders {
  const passed = endToEnd(headers);
  passed.host = headers.host ?? (headers[':authority'] as string | undefined) ?? 'localhost';
  passed[clientAddressHeader] = clientAddress;
  return passed;
}

/** An answer's headers as they go out. Nothing that control says is for a browser to guess the type of. */
export function headersToClient(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const passed = endToEnd(headers);
  if (headers['content-length'] !== undefined) passed['content-length'] = headers['content-length'];
  passed['x-content-type-options'] ??= 'nosniff';
  return passed;
}

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').toLowerCase().split(/\s*,\s*/));
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || ofOneConnection.has(name) || named.has(name)) continue;
    passed[name] = value;
  }
  return passed;
}

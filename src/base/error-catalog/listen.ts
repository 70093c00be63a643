import { entry } from './entry.ts';

/** Ports to listen on, and their certificates. */
export const listenErrors = {
  LISTEN_ADDRESS_IN_USE: entry<{ address: string; reason: string }>({
    message: ({ address }) => `Nothing can listen on ${address}: another program does.`,
    remedy: 'Stop the other program (ss -ltnp shows which), or choose another port: --http-listen, --rtmp-listen.',
    httpStatus: 500,
    exitCode: 5,
  }),
  TLS_FILE_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The certificate or key ${path} cannot be read: ${reason}.`,
    remedy: 'Check the path, and that the user streamctl runs as may read the file.',
    httpStatus: 500,
    exitCode: 2,
  }),
  TLS_FILE_MALFORMED: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} cannot be used for TLS: ${reason}.`,
    remedy:
      'It must be PEM text: the certificate chain with the server’s own first, and a private key without a passphrase.',
    httpStatus: 500,
    exitCode: 2,
  }),
  TLS_KEY_MISMATCH: entry<{ certPath: string; keyPath: string }>({
    message: ({ certPath, keyPath }) =>
      `The key in ${keyPath} does not belong to the first certificate in ${certPath}.`,
    remedy:
      'Name the two files of one renewal (fullchain.pem and privkey.pem); the server’s own certificate comes first.',
    httpStatus: 500,
    exitCode: 2,
  }),
  LISTEN_SOCKET_UNKNOWN: entry<{ name: string }>({
    message: ({ name }) => `The service manager handed over a socket named "${name}", which streamctl has no use for.`,
    remedy: 'Name it http, rtmp or rtmps: FileDescriptorName= in the socket unit, --fdname of systemd-socket-activate.',
    httpStatus: 500,
    exitCode: 2,
  }),
  HOST_ADDON_UNAVAILABLE: entry<{ reason: string }>({
    message: ({ reason }) => `The part of streamctl that talks to the service manager cannot be loaded: ${reason}.`,
    remedy:
      'From the sources it needs a C compiler (apt-get install gcc libc6-dev); the executable needs a data folder that is not mounted noexec.',
    httpStatus: 500,
    exitCode: 5,
  }),
  LISTEN_FAILED: entry<{ address: string; reason: string }>({
    message: ({ address, reason }) => `Nothing can listen on ${address}: ${reason}.`,
    remedy: 'Check the address in http.listen or rtmp.listen. Ports below 1024 need the right to use them.',
    httpStatus: 500,
    exitCode: 5,
  }),
} as const;

/** One situation a person may meet: what happened (with the details), what to do, and how it leaves HTTP and the shell. */
export interface ErrorEntry<Details> {
  readonly message: (details: Details) => string;
  readonly remedy: string;
  readonly httpStatus: number;
  /** 1 general failure, 2 wrong usage or configuration, 3 not found, 4 refused, 5 out of reach. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5;
}

function entry<Details>(value: ErrorEntry<Details>): ErrorEntry<Details> {
  return value;
}

export const errorCatalog = {
  BYTES_SHORT: entry<{ neededBytes: number; remainingBytes: number }>({
    message: ({ neededBytes, remainingBytes }) =>
      `The data ends early: ${neededBytes} bytes needed, ${remainingBytes} left.`,
    remedy: 'The sender cut or corrupted its data; it has to send it again.',
    httpStatus: 400,
    exitCode: 1,
  }),
  MEDIA_MALFORMED: entry<{ what: string; why: string }>({
    message: ({ what, why }) => `The ${what} is damaged: ${why}.`,
    remedy: 'The encoder or the connection corrupts its data: restart the encoder, or update it.',
    httpStatus: 400,
    exitCode: 1,
  }),
  MEDIA_UNSUPPORTED: entry<{ what: string }>({
    message: ({ what }) => `${what[0]?.toUpperCase()}${what.slice(1)} is not supported.`,
    remedy: 'Set the encoder to H.264 video and AAC-LC sound.',
    httpStatus: 415,
    exitCode: 1,
  }),
  MEDIA_TS_UNSUPPORTED: entry<{ what: string }>({
    message: ({ what }) => `MPEG-TS cannot carry ${what}.`,
    remedy: 'Play the stream as fMP4 (HLS or DASH), or send H.264 or HEVC video and AAC sound.',
    httpStatus: 415,
    exitCode: 1,
  }),
  CONFIG_INVALID: entry<{ problems: readonly string[] }>({
    message: ({ problems }) =>
      `The configuration has ${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}; nothing was started.\n${problems.map((line) => `  ${line}`).join('\n')}`,
    remedy: 'Correct each line above, then: streamctl config check',
    httpStatus: 500,
    exitCode: 2,
  }),
  CONFIG_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The configuration file ${path} cannot be read (${reason}).`,
    remedy: 'Check the path given by --config or STREAMCTL_CONFIG, and who may read the file.',
    httpStatus: 500,
    exitCode: 2,
  }),
  CONFIG_FILE_EXISTS: entry<{ path: string }>({
    message: ({ path }) => `${path} exists already and was left as it is.`,
    remedy: 'Move it away first, or name another file: streamctl init OTHER.yaml',
    httpStatus: 409,
    exitCode: 2,
  }),
  STORE_UNSUPPORTED: entry<{ scheme: string }>({
    message: ({ scheme }) => `A store of ${scheme} is not available in this build.`,
    remedy: 'Set store.url to sqlite:PATH.',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_LOCKED: entry<{ path: string }>({
    message: ({ path }) => `The store ${path} was held by another process for too long.`,
    remedy: 'Try again; if it lasts, find who holds it: fuser -v PATH',
    httpStatus: 503,
    exitCode: 5,
  }),
  STORE_CORRUPT: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The store ${path} is damaged (${reason}).`,
    remedy: 'Move the file aside and put a backup in its place (made by: streamctl db backup FILE).',
    httpStatus: 500,
    exitCode: 1,
  }),
  STORE_NOT_A_DATABASE: entry<{ path: string }>({
    message: ({ path }) => `${path} is not an SQLite database.`,
    remedy: 'Point store.url at the right file, or move this one aside.',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_FULL: entry<{ path: string }>({
    message: ({ path }) => `The disk of the store ${path} is full; what was asked for was not saved.`,
    remedy: 'Free some disk space, then try again. Live streams go on meanwhile.',
    httpStatus: 507,
    exitCode: 1,
  }),
  STORE_UNWRITABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The store ${path} cannot be opened or written (${reason}).`,
    remedy: 'Give the user that runs streamctl the file and its folder, or choose another data_dir.',
    httpStatus: 500,
    exitCode: 1,
  }),
  STORE_TOO_NEW: entry<{ path: string; migration: string }>({
    message: ({ path, migration }) =>
      `The store ${path} was made by a newer streamctl (it has migration ${migration}).`,
    remedy: 'Run that version or a later one; a store is never taken back.',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_DATA_DIR_IN_USE: entry<{ path: string; pid: string }>({
    message: ({ path, pid }) =>
      `Another streamctl server${pid === '' ? '' : ` (process ${pid})`} uses the data folder ${path}.`,
    remedy: 'Stop it, or give this one a data_dir of its own.',
    httpStatus: 409,
    exitCode: 5,
  }),
  MEDIA_MEMORY_EXHAUSTED: entry<{ budgetBytes: number }>({
    message: ({ budgetBytes }) =>
      `All the memory for media is in use (${Math.round(budgetBytes / 1_000_000)} MB): no broadcast can begin now.`,
    remedy: 'Try again when another broadcast has ended; lower hls.window, or give the machine more memory.',
    httpStatus: 503,
    exitCode: 1,
  }),
  MEDIA_THREAD_DIED: entry<object>({
    message: () => 'The thread that takes broadcasts in died, and is being started anew.',
    remedy: 'Try again in a second; if it happens again, the log says why the thread died.',
    httpStatus: 503,
    exitCode: 1,
  }),
  DELIVERY_THREAD_DIED: entry<object>({
    message: () => 'A thread that answers viewers died, and is being started anew.',
    remedy: 'Try again in a second; if it happens again, the log says why the thread died.',
    httpStatus: 503,
    exitCode: 1,
  }),
  STORE_THREAD_DIED: entry<Record<never, never>>({
    message: () => 'The store stopped in the middle of a call.',
    remedy: 'Try again: a new store thread is started by the next call. The log says why the last one died.',
    httpStatus: 503,
    exitCode: 5,
  }),
  STORE_CURSOR_INVALID: entry<Record<never, never>>({
    message: () => 'The cursor was not made by this server.',
    remedy: 'Use next_cursor of the page before, or leave the cursor out to begin anew.',
    httpStatus: 400,
    exitCode: 2,
  }),
  STREAM_UNKNOWN: entry<{ stream: string }>({
    message: ({ stream }) => `There is no stream or channel "${stream}".`,
    remedy: 'See what there is: streamctl streams list',
    httpStatus: 404,
    exitCode: 3,
  }),
  STREAM_TRANSITION_ILLEGAL: entry<{ streamId: string; from: string; to: string; reason: string }>({
    message: ({ streamId, from, to, reason }) =>
      `Stream ${streamId} cannot go from ${from} to ${to}${reason === '' ? '' : ` (${reason})`}.`,
    remedy: 'The stream has moved on meanwhile: look at it again.',
    httpStatus: 409,
    exitCode: 4,
  }),
  ACCESS_CHANNEL_INVALID: entry<{ channel: string }>({
    message: ({ channel }) => `"${channel}" is not a channel name.`,
    remedy: 'Use 1 to 63 of a-z, 0-9 and "-", beginning with a letter or digit: morning-show',
    httpStatus: 400,
    exitCode: 2,
  }),
  ACCESS_APP_UNKNOWN: entry<{ app: string }>({
    message: ({ app }) => `There is no RTMP application "${app}".`,
    remedy: 'Publish to rtmp://HOST/live with the stream key in its own field.',
    httpStatus: 404,
    exitCode: 3,
  }),
  ACCESS_KEY_UNKNOWN: entry<Record<never, never>>({
    message: () => 'The stream key is not known.',
    remedy: 'Copy the whole key, or create a new one: streamctl keys create NAME',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_KEY_EXPIRED: entry<{ keyId: string }>({
    message: ({ keyId }) => `The stream key sk_${keyId} has expired.`,
    remedy: 'Create a new one: streamctl keys create NAME',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_KEY_REVOKED: entry<{ keyId: string }>({
    message: ({ keyId }) => `The stream key sk_${keyId} was revoked.`,
    remedy: 'Create a new one: streamctl keys create NAME',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_PEPPER_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The secret that keys are checked with, ${path}, cannot be used (${reason}).`,
    remedy:
      'Give it to the user that runs streamctl with mode 0600; restore it from a backup if it was lost, else every key must be made anew.',
    httpStatus: 500,
    exitCode: 1,
  }),
  KEY_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no stream key "${id}".`,
    remedy: 'See which there are: streamctl keys list',
    httpStatus: 404,
    exitCode: 3,
  }),
  RTMP_CHUNK_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The RTMP chunk stream is broken: ${reason}.`,
    remedy: 'The publisher cut or corrupted its data; it has to connect again.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_MESSAGE_TOO_LARGE: entry<{ lengthBytes: number; maxBytes: number }>({
    message: ({ lengthBytes, maxBytes }) =>
      `An RTMP message of ${lengthBytes} bytes was announced; ${maxBytes} are the limit.`,
    remedy: 'Lower the bit rate or the keyframe size in the encoder.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_MEMORY_BUDGET: entry<{ limitBytes: number }>({
    message: ({ limitBytes }) => `Unfinished RTMP messages would take more than ${limitBytes} bytes of memory.`,
    remedy: 'Send messages whole; if many publishers are connected, spread them over more nodes.',
    httpStatus: 503,
    exitCode: 4,
  }),
  RTMP_HANDSHAKE_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `This is no RTMP handshake: ${reason}.`,
    remedy: 'Use an rtmp:// address (rtmps:// for TLS) and the port of the RTMP listener.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_MESSAGE_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `An RTMP message is malformed: ${reason}.`,
    remedy: 'The sender has to send it again, whole; if it repeats, use another encoder or report it with a capture.',
    httpStatus: 400,
    exitCode: 1,
  }),
  AMF_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The AMF data is malformed: ${reason}.`,
    remedy:
      'The sender has to send AMF0 within the limits; if it repeats, use another encoder or report it with a capture.',
    httpStatus: 400,
    exitCode: 1,
  }),
  DEMO_NO_PORT: entry<{ from: number; to: number }>({
    message: ({ from, to }) => `Every port from ${from} to ${to} is in use.`,
    remedy: 'Name one that is free: streamctl demo --http-listen 127.0.0.1:9000 --rtmp-listen 127.0.0.1:9001',
    httpStatus: 500,
    exitCode: 1,
  }),
  DEMO_NO_PICTURE: entry<{ seconds: number }>({
    message: ({ seconds }) => `The demo has published for ${seconds} s and there is still nothing to watch.`,
    remedy: 'The lines above may say why; if not, this is a defect: please report it.',
    httpStatus: 500,
    exitCode: 1,
  }),
  PUBLISH_URL_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The address to publish to cannot be used: ${reason}.`,
    remedy: 'Give it as keys create printed it: rtmp://HOST/live/KEY',
    httpStatus: 400,
    exitCode: 2,
  }),
  PUBLISH_FILE_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The file ${path} cannot be read (${reason}).`,
    remedy: 'Check its name, and who may read it.',
    httpStatus: 400,
    exitCode: 2,
  }),
  PUBLISH_FILE_EMPTY: entry<{ path: string }>({
    message: ({ path }) => `There is nothing to send in ${path}: it is FLV without frames.`,
    remedy: 'Make one: ffmpeg -i INPUT -c:v libx264 -g 60 -c:a aac OUTPUT.flv',
    httpStatus: 400,
    exitCode: 2,
  }),
  PUBLISH_UNREACHABLE: entry<{ address: string; reason: string }>({
    message: ({ address, reason }) => `No server answers at ${address} (${reason}).`,
    remedy: 'Start it (streamctl serve), or check host and port.',
    httpStatus: 502,
    exitCode: 5,
  }),
  PUBLISH_TIMEOUT: entry<{ step: string; seconds: number }>({
    message: ({ step, seconds }) => `The server was silent: ${step} did not come within ${seconds} s.`,
    remedy: 'Check that this port speaks RTMP, and look into the log of the server.',
    httpStatus: 504,
    exitCode: 5,
  }),
  PUBLISH_REFUSED: entry<{ code: string; description: string }>({
    message: ({ code, description }) =>
      `The server refused the broadcast: ${[description, code].filter((word) => word !== '').join(' – ') || 'it did not say why'}`,
    remedy: 'Check the key: streamctl keys list',
    httpStatus: 502,
    exitCode: 4,
  }),
  PUBLISH_DISMISSED: entry<{ code: string; description: string }>({
    message: ({ code, description }) =>
      `The server ended the broadcast: ${[description, code].filter((word) => word !== '').join(' – ') || 'it did not say why'}`,
    remedy: 'Perhaps another publisher took over the key, or an operator stopped the stream: streamctl streams list',
    httpStatus: 502,
    exitCode: 4,
  }),
  PUBLISH_LOST: entry<{ reason: string }>({
    message: ({ reason }) => `The connection to the server was lost: ${reason}.`,
    remedy: 'Publish again; if it repeats, look into the log of the server.',
    httpStatus: 502,
    exitCode: 5,
  }),
  RTMP_STREAM_NAME_INVALID: entry<{ why: string }>({
    message: ({ why }) => `The stream name cannot be used: ${why}.`,
    remedy: 'Put the stream key, and nothing else, into the stream key field of the encoder.',
    httpStatus: 400,
    exitCode: 2,
  }),
  RTMP_APP_UNKNOWN: entry<{ wanted: string }>({
    message: ({ wanted }) => `There is no such application here; there is "${wanted}".`,
    remedy: 'Publish to rtmp://HOST/live and put the stream key into its own field.',
    httpStatus: 404,
    exitCode: 3,
  }),
  RTMP_PUBLISHER_LIMIT: entry<{ limit: number }>({
    message: ({ limit }) => `The server already has ${limit} publishers, its limit.`,
    remedy: 'Stop another broadcast, or raise rtmp.max_publishers.',
    httpStatus: 503,
    exitCode: 4,
  }),
  RTMP_ADDRESS_LIMIT: entry<{ limit: number }>({
    message: ({ limit }) => `${limit} publishers from your address are connected already, the limit.`,
    remedy: 'Stop another broadcast, or raise rtmp.max_per_ip.',
    httpStatus: 429,
    exitCode: 4,
  }),
  RTMP_AUTHORIZATION_UNAVAILABLE: entry<Record<never, never>>({
    message: () => 'The stream key could not be checked.',
    remedy: 'Try again in a moment; the log of the server tells what failed.',
    httpStatus: 503,
    exitCode: 5,
  }),
  RTMP_INPUT_UNUSABLE: entry<{ why: string }>({
    message: ({ why }) => `Nothing that was sent can be used: ${why}`,
    remedy: 'Set the encoder to H.264 video and AAC audio.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_COMMAND_UNEXPECTED: entry<{ command: string }>({
    message: ({ command }) => `The RTMP command "${command}" has no place at this point of the session.`,
    remedy: 'Connect, create a stream, then publish to it once.',
    httpStatus: 400,
    exitCode: 1,
  }),
  DELIVERY_STREAM_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no stream or channel "${id}" with media now.`,
    remedy: 'Wait until the broadcast starts, or check the address.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_STREAM_NOT_READY: entry<{ id: string }>({
    message: ({ id }) => `The broadcast of "${id}" is starting: its first segment is not complete.`,
    remedy: 'Ask again in a second.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_MEDIA_NOT_FOUND: entry<{ path: string; why?: string }>({
    message: ({ path, why = 'not yet, not any more, or never' }) => `${path} does not exist: ${why}.`,
    remedy: 'Take media addresses from the current playlist.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_DIRECTIVE_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The delivery directives cannot be followed: ${reason}.`,
    remedy: 'Send _HLS_msn and _HLS_part once each, as decimal integers, and _HLS_skip as YES or v2.',
    httpStatus: 400,
    exitCode: 2,
  }),
  DELIVERY_MSN_TOO_FAR: entry<Record<never, never>>({
    message: () => 'The playlist is asked for too far ahead.',
    remedy: 'Ask for at most two segments, or three seconds of parts, after the last one listed.',
    httpStatus: 400,
    exitCode: 2,
  }),
  DELIVERY_WAIT_TIMEOUT: entry<{ waitedMs: number }>({
    message: ({ waitedMs }) => `Nothing new came within ${waitedMs / 1000} s.`,
    remedy: 'Ask again; the publisher may be gone.',
    httpStatus: 503,
    exitCode: 5,
  }),
  DELIVERY_OVERLOADED: entry<{ limit: number }>({
    message: ({ limit }) => `${limit} requests are waiting for media already, the limit.`,
    remedy: 'Ask again without blocking, or put a CDN in front.',
    httpStatus: 503,
    exitCode: 5,
  }),
  DELIVERY_CONNECTIONS_EXHAUSTED: entry<{ limit: number }>({
    message: ({ limit }) => `${limit} viewer connections are open already, the limit.`,
    remedy:
      'Try again later; the operator can raise http.max_connections and the open-file limit, or put a CDN in front.',
    httpStatus: 503,
    exitCode: 5,
  }),
  DELIVERY_METHOD_NOT_ALLOWED: entry<{ method: string }>({
    message: ({ method }) => `Playback answers GET, HEAD and OPTIONS, not ${method}.`,
    remedy: 'Use GET.',
    httpStatus: 405,
    exitCode: 2,
  }),
  DELIVERY_RANGE_UNSATISFIABLE: entry<{ sizeBytes: number }>({
    message: ({ sizeBytes }) => `The range lies outside of the ${sizeBytes} bytes there are.`,
    remedy: 'Ask for a range that begins inside, or for the whole.',
    httpStatus: 416,
    exitCode: 2,
  }),
  RTMP_TOO_SLOW: entry<{ waitedFor: string }>({
    message: ({ waitedFor }) => `The connection was closed: ${waitedFor} did not come in time.`,
    remedy: 'Check the network between encoder and server; try again.',
    httpStatus: 408,
    exitCode: 5,
  }),
  RTMP_CROWDED: entry<Record<never, never>>({
    message: () => 'The connection was closed to make room: too many connect and do not publish.',
    remedy: 'Find out who connects; close the RTMP port to them, or set rtmp.max_per_ip.',
    httpStatus: 503,
    exitCode: 5,
  }),
  CONTROL_SOCKET_PATH_TOO_LONG: entry<{ path: string; lengthBytes: number }>({
    message: ({ path, lengthBytes }) =>
      `The path of the control socket has ${lengthBytes} bytes; the system takes at most 107: ${path}`,
    remedy: 'Set control.socket to a shorter path, such as /run/streamctl/control.sock',
    httpStatus: 500,
    exitCode: 2,
  }),
  CONTROL_SOCKET_IN_USE: entry<{ path: string }>({
    message: ({ path }) => `Another server answers on the control socket ${path}.`,
    remedy: 'Stop it, or give this one a control.socket or data_dir of its own.',
    httpStatus: 409,
    exitCode: 5,
  }),
  CONTROL_SOCKET_UNUSABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The control socket ${path} cannot be used (${reason}).`,
    remedy:
      'Run the command as the user that runs the server, or point control.socket at a folder that may be written.',
    httpStatus: 500,
    exitCode: 5,
  }),
  CONTROL_NO_SERVER: entry<{ path: string }>({
    message: ({ path }) => `No server answers on ${path}.`,
    remedy: 'Start one: streamctl serve (with the same --config or --data-dir)',
    httpStatus: 503,
    exitCode: 5,
  }),
  CONTROL_ANSWER_INVALID: entry<{ path: string }>({
    message: ({ path }) => `The server's answer to ${path} was not understood.`,
    remedy: 'Server and command may be of different versions: compare streamctl --version and streamctl status.',
    httpStatus: 502,
    exitCode: 5,
  }),
  API_NOT_FOUND: entry<{ path: string }>({
    message: ({ path }) => `There is nothing at ${path}.`,
    remedy: 'Look at the path and the method again.',
    httpStatus: 404,
    exitCode: 3,
  }),
  API_BODY_TYPE: entry<Record<never, never>>({
    message: () => 'The body is not plain application/json.',
    remedy: 'Send JSON with the header Content-Type: application/json, without Content-Encoding.',
    httpStatus: 415,
    exitCode: 2,
  }),
  API_BODY_TOO_LARGE: entry<Record<never, never>>({
    message: () => 'The body is larger than 64 kB or nested deeper than 32 levels.',
    remedy: 'Send less.',
    httpStatus: 413,
    exitCode: 2,
  }),
  API_INPUT_INVALID: entry<{ mistakes: readonly string[] }>({
    message: ({ mistakes }) => `The request has mistakes: ${mistakes.join('; ')}.`,
    remedy: 'Correct what is named and send it again.',
    httpStatus: 400,
    exitCode: 2,
  }),
  API_INTERNAL: entry<Record<never, never>>({
    message: () => 'Something went wrong inside the server.',
    remedy: 'The log says what; if it lasts, please report it.',
    httpStatus: 500,
    exitCode: 1,
  }),
  CONFIG_FILE_UNWRITABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The configuration file ${path} cannot be written (${reason}).`,
    remedy: 'Choose a folder that exists and may be written: streamctl init FILE',
    httpStatus: 500,
    exitCode: 1,
  }),
  STORE_BACKUP_EXISTS: entry<{ path: string }>({
    message: ({ path }) => `${path} exists already and was left as it is.`,
    remedy: 'Name a new file for the backup.',
    httpStatus: 409,
    exitCode: 2,
  }),
  CLI_FLAG_INVALID: entry<{ flag: string; found: string; wanted: string }>({
    message: ({ flag, found, wanted }) => `--${flag}: found "${found}", wanted ${wanted}.`,
    remedy: 'Correct the flag; --help shows what each takes.',
    httpStatus: 400,
    exitCode: 2,
  }),
  CLI_CODE_UNKNOWN: entry<{ code: string; near: string }>({
    message: ({ code, near }) => `There is no error code ${code}${near === '' ? '' : `; did you mean ${near}?`}`,
    remedy: 'See all of them: streamctl explain',
    httpStatus: 404,
    exitCode: 3,
  }),
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
  LISTEN_FAILED: entry<{ address: string; reason: string }>({
    message: ({ address, reason }) => `Nothing can listen on ${address}: ${reason}.`,
    remedy: 'Check the address in http.listen or rtmp.listen. Ports below 1024 need the right to use them.',
    httpStatus: 500,
    exitCode: 5,
  }),
} as const;

export type ErrorCode = keyof typeof errorCatalog;
export type ErrorDetails<Code extends ErrorCode> = Parameters<(typeof errorCatalog)[Code]['message']>[0];

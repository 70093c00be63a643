import { StreamctlError } from '../base/errors.ts';

/** Where to publish, taken apart as RTMP wants it. */
export interface PublishUrl {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** What `connect` names: the path up to the last slash. */
  readonly app: string;
  /** What `publish` names, verbatim, with its query: usually the stream key, so it is not for the eyes of others. */
  readonly streamName: string;
}

const defaultPorts = { rtmp: 1935, rtmps: 443 } as const;
const pattern = /^(rtmps?):\/\/(\[[0-9a-f:.]+\]|[^/:?#@\s]+)(?::(\d{1,5}))?\/([^?\s]+)(\?\S*)?$/i;

/** Reads `rtmp://HOST[:PORT]/APP/KEY`. Throws PUBLISH_URL_INVALID, which does not repeat the URL: it may hold a key. */
export function parsePublishUrl(text: string): PublishUrl {
  const [, scheme = '', host = '', portText, path = '', query = ''] = pattern.exec(text) ?? [];
  if (scheme === '') throw invalid('it is not of the form rtmp://HOST/APP/KEY or rtmps://HOST/APP/KEY');
  const cut = path.lastIndexOf('/');
  const app = path.slice(0, cut);
  const streamName = path.slice(cut + 1);
  if (cut <= 0 || streamName === '') throw invalid('the part after the host must have an application and a key');
  const port = portText === undefined ? defaultPorts[scheme.toLowerCase() as 'rtmp' | 'rtmps'] : Number(portText);
  if (port < 1 || port > 65_535) throw invalid(`there is no port ${portText}`);
  return {
    isTls: scheme.toLowerCase() === 'rtmps',
    host: host.replace(/^\[|\]$/g, ''),
    port,
    app,
    streamName: streamName + query,
  };
}

/** The same place under the name `NAME-1`, `NAME-2`, …, for several publishers. */
export function numberedUrl(url: PublishUrl, number: number): PublishUrl {
  return { ...url, streamName: url.streamName.replace(/^[^?]*/, (name) => `${name}-${number}`) };
}

/** The URL that `connect` tells the server, without the stream name. */
export function tcUrlOf(url: PublishUrl): string {
  return `${url.isTls ? 'rtmps' : 'rtmp'}://${addressOf(url)}/${url.app}`;
}

/** For logs and screens: `rtmp://host/live/***`. */
export function redactedUrl(url: PublishUrl): string {
  return `${tcUrlOf(url)}/***`;
}

function addressOf({ isTls, host, port }: PublishUrl): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === defaultPorts[isTls ? 'rtmps' : 'rtmp'] ? name : `${name}:${port}`;
}

function invalid(reason: string): StreamctlError {
  return new StreamctlError('PUBLISH_URL_INVALID', { reason });
}

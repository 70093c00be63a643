import { networkInterfaces } from 'node:os';

/** What the addresses shown to people are made of. */
export interface PublicUrlsOptions {
  /** `http.public_url` without a slash at its end; empty: made from the addresses. */
  readonly publicUrl: string;
  readonly http: { readonly host: string; readonly port: number; readonly isTls?: boolean };
  readonly rtmp: { readonly host: string; readonly port: number };
}

/** The addresses shown to people. `name` is a channel or a stream id. */
export interface PublicUrls {
  readonly http: string;
  /** The server as OBS wants it: `rtmp://HOST/live`. */
  readonly rtmp: string;
  playback(name: string): {
    readonly hls: string;
    readonly hls_ts: string;
    readonly dash: string;
    readonly watch: string;
  };
  /** The same for who holds this token, and the player for other pages. */
  signed(name: string, token: string): ReturnType<PublicUrls['playback']> & { readonly embed: string };
}

export function publicUrls({ publicUrl, http, rtmp }: PublicUrlsOptions): PublicUrls {
  const [scheme, usualPort] = http.isTls === true ? ['https', 443] : ['http', 80];
  const own = `${scheme}://${reachable(http.host)}${portSuffix(http.port, usualPort as number)}`;
  const base = publicUrl === '' ? own : publicUrl;
  const rtmpHost = isEveryAddress(rtmp.host) ? new URL(base).hostname : bracketed(rtmp.host);
  return {
    http: base,
    rtmp: `rtmp://${rtmpHost}${portSuffix(rtmp.port, 1935)}/live`,
    playback: (name) => playbackUrls(base, name),
    signed: (name, token) => {
      const prefixed = `${base}/t/${token}`;
      return { ...playbackUrls(prefixed, name), embed: `${prefixed}/embed/${name}` };
    },
  };
}

function playbackUrls(base: string, name: string) {
  return {
    hls: `${base}/hls/${name}/index.m3u8`,
    hls_ts: `${base}/hls/${name}/ts.m3u8`,
    dash: `${base}/dash/${name}/manifest.mpd`,
    watch: `${base}/watch/${name}`,
  };
}

function portSuffix(port: number, usual: number): string {
  return port === usual ? '' : `:${port}`;
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** A host others can type: the listening address, or, when that is "every", the first of this machine that is not loopback. */
function reachable(host: string): string {
  if (!isEveryAddress(host)) return bracketed(host);
  try {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
  } catch {
    return '127.0.0.1'; // interfaces cannot be listed in some sandboxes
  }
}

import type { ServerSessionOptions } from 'node:http2';

/** Requests a viewer may have open at once in a session: RFC 9113 §6.5.2 advises 100 at least, and so does LL-HLS. */
export const maxConcurrentStreams = 256;

/**
 * How much of all answers together a session is handed at once. What a viewer's windows allow, but its connection does not take, is
 * encrypted and kept, and that is no shared memory any more.
 */
export const maxFlyingBytes = 4 << 20;

/**
 * What one session may cost. Beyond that nghttp2 ends it by itself: SETTINGS and PING floods (its queue of acknowledgements is
 * bounded), header blocks that never end, resets without number (CVE-2023-44487).
 */
export function sessionOptions(resets: { readonly burst: number; readonly perSecond: number }): ServerSessionOptions {
  return {
    settings: { maxConcurrentStreams, maxHeaderListSize: 16 * 1024, enableConnectProtocol: false },
    maxHeaderListPairs: 100,
    maxSettings: 32,
    maxOutstandingPings: 10,
    /** In MB, and beyond what flies: requests' heads (16 KB each at most) and bodies (64 KB in all). */
    maxSessionMemory: 16,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    streamResetBurst: resets.burst,
    streamResetRate: resets.perSecond,
  };
}

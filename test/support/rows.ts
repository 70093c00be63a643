import { newStreamId, randomBase32 } from '../../src/contract/names.ts';
import type { NewEvent } from '../../src/store/ports/event-store.ts';
import type { KeyRow } from '../../src/store/ports/key-store.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import type { StreamRow } from '../../src/store/ports/stream-store.ts';
import type { TokenRow } from '../../src/store/ports/token-store.ts';

export function someKey(members: Partial<KeyRow> = {}): KeyRow {
  return {
    id: randomBase32(10),
    channel: 'morning-show',
    secretHash: 'ab'.repeat(32),
    last4: 'wxyz',
    createdAtMs: 1_700_000_000_000,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    previousHash: null,
    previousValidUntilMs: null,
    policy: {},
    ...members,
  };
}

export function someStream(members: Partial<StreamRow> = {}): StreamRow {
  return {
    id: newStreamId(),
    channel: 'morning-show',
    keyId: null,
    state: 'PENDING_INGEST',
    reason: null,
    createdAtMs: 1_700_000_000_000,
    startedAtMs: null,
    endedAtMs: null,
    interruptedSinceMs: null,
    tracks: [],
    ladder: [],
    node: 'test',
    traceId: null,
    continuity: null,
    ...members,
  };
}

/** Stores take any type: what is in one may be of another version. */
export function someEvent(members: Partial<Omit<NewEvent, 'type'>> & { readonly type?: string } = {}): NewEvent {
  const usual = { timeMs: 1_700_000_000_000, type: 'stream.created', streamId: null, traceId: null, payload: {} };
  return { ...usual, ...members } as NewEvent;
}

export function someToken(members: Partial<TokenRow> = {}): TokenRow {
  return {
    id: randomBase32(10),
    name: 'a script',
    secretHash: 'cd'.repeat(32),
    last4: 'abcd',
    scopes: [],
    createdAtMs: 1_700_000_000_000,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...members,
  };
}

export function someSession(members: Partial<SessionRow> = {}): SessionRow {
  return {
    id: 'vs_1',
    streamId: 'st1',
    key: 's one',
    node: 'test',
    startedAtMs: 1_000,
    seenAtMs: 2_000,
    endedAtMs: null,
    startupMs: 612,
    startupSource: 'beacon',
    watchMs: 900,
    stalls: 0,
    stallMs: 0,
    qualities: [{ atMs: 1_000, rendition: '720p', reason: 'startup' }],
    latencyMs: 1500,
    errors: 0,
    player: 'Chrome',
    network: '203.0.113.0/24',
    country: 'DE',
    format: 'hls',
    bytes: 1_000_000,
    totalFrames: null,
    droppedFrames: null,
    ...members,
  };
}

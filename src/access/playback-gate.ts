import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { PlaybackPolicy } from './playback-policy.ts';
import { isTokenSubject, type PlaybackKey, readPlaybackToken, type TokenReading } from './playback-token.ts';

/** All that decides who may watch, as plain data that crosses threads. */
export interface PlaybackSettings {
  readonly policy: PlaybackPolicy;
  readonly keys: readonly PlaybackKey[];
  /** What an edge that checks viewers itself says to be believed; empty: nobody is. */
  readonly edgeSecret: string;
}

/** The stream that a name means now. */
export interface NamedStream {
  readonly streamId: string;
  readonly channel: string;
}

/** What somebody showed. `edge`: an edge vouches for its viewer. */
export type PlaybackPass = TokenReading | 'nothing' | 'edge';

/** Why somebody may not watch: no token, one that is not good, one that was, one for another broadcast. */
export type PlaybackRefusal = 'missing' | 'invalid' | 'expired' | 'foreign';

/** What an edge says in place of a token where its viewer may see everything. */
const everything = '-';

/** Tokens that are remembered: twice as many at most, a few hundred bytes each. */
const rememberedTokens = 16_384;

/**
 * Decides who may watch what, without asking anybody. A token is verified once and remembered until it expires; two generations
 * take turns, so that forgetting costs nothing. Open to everybody until it is told otherwise.
 */
export class PlaybackGate {
  private readonly clock: Clock;
  private isSignedByDefault = false;
  private exceptions: ReadonlySet<string> = new Set();
  private keys: readonly PlaybackKey[] = [];
  private edgeHash: Buffer | undefined;
  private recent = new Map<string, TokenReading>();
  private older = new Map<string, TokenReading>();
  private readonly reading = new Map<string, Promise<TokenReading>>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** What holds from now on. */
  update({ policy, keys, edgeSecret }: PlaybackSettings): void {
    this.isSignedByDefault = policy.isSignedByDefault;
    this.exceptions = new Set(policy.exceptions);
    this.keys = keys;
    this.edgeHash = edgeSecret === '' ? undefined : hashOf(edgeSecret);
    // A key may be gone, and with it all that it signed.
    this.recent.clear();
    this.older.clear();
    this.reading.clear();
  }

  /** Whether a channel can only be watched by who has a link to it. */
  isSigned(channel: string): boolean {
    return this.exceptions.size === 0
      ? this.isSignedByDefault
      : this.exceptions.has(channel) !== this.isSignedByDefault;
  }

  /**
   * What is shown by a request: the token before its path, if there is one, and the edge's secret, likewise. An edge says in place of a
   * token whose viewer it has checked: a channel's, a stream's, or `-` for one that may see everything. A promise only for a token that is new.
   */
  passOf(token: string | undefined, edgeSecret: string | undefined): PlaybackPass | Promise<PlaybackPass> {
    // The secret alone opens nothing: it comes with every request of an edge, also with those it has not checked.
    if (token === undefined) return 'nothing';
    if (edgeSecret !== undefined && this.isEdge(edgeSecret)) {
      if (token === everything) return 'edge';
      if (isTokenSubject(token)) return { subject: token, untilMs: Number.POSITIVE_INFINITY };
    }
    return this.recent.get(token) ?? this.recalled(token) ?? this.read(token);
  }

  /** Why who has shown this may not watch what `id` of a URL names, and `stream` is, if there is one; undefined where nothing is wrong. */
  refusalOf(id: string, stream: NamedStream | undefined, pass: PlaybackPass): PlaybackRefusal | undefined {
    if (pass === 'edge') return undefined;
    if (pass === 'nothing') return this.isSigned(stream?.channel ?? id) ? 'missing' : undefined;
    if ('refusal' in pass) return pass.refusal;
    if (this.clock.wallMs() >= pass.untilMs) return 'expired';
    const { subject } = pass;
    return subject === id || subject === stream?.channel || subject === stream?.streamId ? undefined : 'foreign';
  }

  /** Whether who has this token, or none, may watch it: for whatever is not playback itself. */
  async isPlaybackAllowed(id: string, stream: NamedStream | undefined, token: string | undefined): Promise<boolean> {
    return this.refusalOf(id, stream, await this.passOf(token, undefined)) === undefined;
  }

  /** How many tokens are remembered. */
  get remembered(): number {
    return this.recent.size + this.older.size;
  }

  private recalled(token: string): TokenReading | undefined {
    const reading = this.older.get(token);
    if (reading !== undefined) this.remember(token, reading);
    return reading;
  }

  private remember(token: string, reading: TokenReading): void {
    if (this.recent.size >= rememberedTokens) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(token, reading);
  }

  /** Those who ask with the same token at the same time wait for one verification. What is refused is not remembered. */
  private read(token: string): Promise<TokenReading> {
    const underWay = this.reading.get(token);
    if (underWay !== undefined) return underWay;
    const { keys } = this;
    const reading = readPlaybackToken(token, keys, this.clock.wallMs()).then((read) => {
      if (this.reading.get(token) === reading) this.reading.delete(token);
      if ('subject' in read && keys === this.keys) this.remember(token, read);
      return read;
    });
    this.reading.set(token, reading);
    return reading;
  }

  private isEdge(secret: string): boolean {
    return this.edgeHash !== undefined && timingSafeEqual(hashOf(secret), this.edgeHash);
  }
}

/** Of one length, whatever was sent, so that it can be compared in one time. */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

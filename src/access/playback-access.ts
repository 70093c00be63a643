import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../observability/log.ts';
import type { KeyRing } from './key-ring.ts';
import { PlaybackGate, type PlaybackSettings } from './playback-gate.ts';
import { loadPlaybackKeys } from './playback-keys.ts';
import { playbackPolicy } from './playback-policy.ts';
import { signPlaybackToken } from './playback-token.ts';

export interface PlaybackAccessOptions {
  readonly dataDir: string;
  /** The file of keys. Only in the data folder a missing one is made. */
  readonly keyPath: string;
  readonly isSignedByDefault: boolean;
  readonly edgeSecret: string;
  readonly ring: KeyRing;
  readonly clock: Clock;
}

/** As it is configured. Throws ACCESS_PLAYBACK_KEYS_UNREADABLE. */
export function openPlayback({ dataDir, auth }: Config, ring: KeyRing, clock: Clock): PlaybackAccess {
  const { playback, playbackKeyPath: keyPath, edgeSecret } = auth;
  return new PlaybackAccess({ dataDir, keyPath, isSignedByDefault: playback === 'signed', edgeSecret, ring, clock });
}

/** A link that was asked for, in wall clock time. */
export interface LinkGrant {
  /** A channel or a stream id. */
  readonly subject: string;
  readonly expiresAtMs: number;
  readonly notBeforeMs?: number | undefined;
}

/** Makes the token of a link. */
export type SignLink = (grant: LinkGrant) => Promise<string>;

/** Who may watch, as control knows it: from the stream keys, the configuration and the keys that links are signed with. */
export class PlaybackAccess {
  /** For what control itself answers. */
  readonly gate: PlaybackGate;
  private readonly options: PlaybackAccessOptions;
  private current: PlaybackSettings;
  private tell: (settings: PlaybackSettings) => void = () => {};

  /** Throws ACCESS_PLAYBACK_KEYS_UNREADABLE. */
  constructor(options: PlaybackAccessOptions) {
    this.options = options;
    const { edgeSecret, clock } = options;
    this.current = { policy: this.policy(), keys: this.loadKeys(), edgeSecret };
    this.gate = new PlaybackGate(clock);
    this.gate.update(this.current);
  }

  /** What holds now. */
  get settings(): PlaybackSettings {
    return this.current;
  }

  /** From now on, `tell` hears of every change, of the stream keys too; the returned function ends that. */
  start(tell: (settings: PlaybackSettings) => void): () => void {
    this.tell = tell;
    const end = this.options.ring.onLookedAt(() => this.change({ ...this.current, policy: this.policy() }));
    return () => {
      end();
      this.tell = () => {};
    };
  }

  /** Reads the keys of links again; where they cannot be used, those before stay. */
  reload(log: Pick<Log, 'error'>): void {
    try {
      this.change({ ...this.current, keys: this.loadKeys() });
    } catch (err) {
      log.error({ err }, 'the keys of signed links were not read again: those before stay in force');
    }
  }

  /** The token of a link, by the first key. */
  async sign(grant: LinkGrant): Promise<string> {
    return await signPlaybackToken(grant, this.current.keys[0]!);
  }

  private change(settings: PlaybackSettings): void {
    if (isDeepStrictEqual(settings, this.current)) return;
    this.current = settings;
    this.gate.update(settings);
    this.tell(settings);
  }

  private policy() {
    const { ring, isSignedByDefault, clock } = this.options;
    return playbackPolicy(ring.all, isSignedByDefault, clock.wallMs());
  }

  private loadKeys() {
    const { keyPath, dataDir } = this.options;
    return loadPlaybackKeys({ path: keyPath, mayCreate: dirname(resolve(keyPath)) === resolve(dataDir) });
  }
}

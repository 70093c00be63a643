import type { Child } from '../child.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly keyframeSeconds: number;
  readonly videoKbps: number;
}

export const defaultPicture: Picture = { width: 640, height: 360, fps: 30, keyframeSeconds: 2, videoKbps: 800 };

/** Where an encoder sends to. */
export interface Target {
  /** `rtmp://host:port/live` */
  readonly url: string;
  readonly key: string;
}

/** How a publication went, by the encoder's own account. */
export interface PublisherResult {
  readonly exitCode: number;
  /** What the encoder printed, for a person to judge. */
  readonly output: string;
}

/** A real encoder at work. */
export interface Publisher {
  readonly isRunning: boolean;
  /** What it has printed so far. */
  readonly output: string;
  /** Resolves when it ended by itself, or was stopped. */
  readonly ended: Promise<PublisherResult>;
  /** Ends the broadcast as a person would: the encoder says goodbye. */
  stop(): Promise<PublisherResult>;
  /** Takes its network and its life away at once: no goodbye. */
  kill(): Promise<PublisherResult>;
}

/** A publisher that is one program; `stopSignal` is what it takes for the user's stop button. */
export function publisherOf(child: Child, stopSignal: NodeJS.Signals = 'SIGINT'): Publisher {
  const ended = child.exited.then(({ code, stdout, stderr }) => ({ exitCode: code, output: `${stdout}${stderr}` }));
  ended.catch(() => {});
  return {
    get isRunning() {
      return child.isRunning;
    },
    get output() {
      return `${child.stdout}${child.stderr}`;
    },
    ended,
    stop: async () => {
      await child.stop(stopSignal);
      return ended;
    },
    kill: async () => {
      await child.stop('SIGKILL');
      return ended;
    },
  };
}

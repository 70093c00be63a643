import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../observability/log.ts';

/** What each area of the program is composed with. */
export interface AppContext {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** This node's name among others. */
  readonly node: string;
  readonly version: string;
  /** Wall clock. */
  readonly startedAtMs: number;
  /** Leaves a step for the program's stop, which takes them in reverse: the last that was left is the first. */
  onStop(step: () => unknown): void;
}

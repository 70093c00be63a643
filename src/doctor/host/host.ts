import type { Config } from '../../config/schema.ts';
import type { Finding } from '../finding.ts';

/** The machine that is looked at, and what is known of it before. */
export interface Host {
  readonly config: Config;
  /** The server that runs with this configuration, if one does. */
  readonly server: { readonly pid: number; readonly version: string; readonly uptimeSeconds: number } | undefined;
  readonly signal: AbortSignal;
}

/** Looks at one thing. Never throws for what it finds. */
export type HostCheck = (host: Host) => Promise<readonly Finding[]> | readonly Finding[];

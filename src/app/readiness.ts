import type { Engine } from '../threads/engine.ts';
import type { Audience } from './audience.ts';
import type { AppContext } from './context.ts';
import type { Storage } from './storage.ts';

/** Says that the node is ready, and how it is, until the program stops: from that moment on it is not. */
export function tellReadiness(
  { onStop }: AppContext,
  { health }: Storage,
  { realtime }: Audience,
  { delivery }: Engine,
): void {
  const readiness = () => (!health.state.isHealthy ? 'degraded' : realtime.isHealthy() ? 'ready' : 'alone');
  const tell = () => delivery.setReadiness(readiness());
  tell();
  onStop(() => delivery.setReadiness('unready'));
  onStop(health.onChange(tell));
  onStop(realtime.onChange(tell));
}

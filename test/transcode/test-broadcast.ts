import { onTestFinished } from 'vitest';
import { BroadcastRig } from './broadcast-rig.ts';

/** A broadcast that ends with the test. */
export function testBroadcast(...args: ConstructorParameters<typeof BroadcastRig>): BroadcastRig {
  const rig = new BroadcastRig(...args);
  onTestFinished(() => rig.supervisor.stop());
  return rig;
}

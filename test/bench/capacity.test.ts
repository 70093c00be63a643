import { expect, test } from 'vitest';
import { broadcastCapacity, viewerCapacity } from '../../src/bench/capacity.ts';

test('viewers are bound by the threads that serve them, or by the connections they open', () => {
  const viewers = { coresPerViewer: 0.0002, deliveryThreads: 3, connections: 100_000, connectionsPerViewer: 2 };
  expect(viewerCapacity(viewers)).toEqual({ viewers: 12_000, isBoundByConnections: false });
  expect(viewerCapacity({ ...viewers, connections: 900 })).toEqual({ viewers: 450, isBoundByConnections: true });
});

test('broadcasts are bound by the one thread that reads them, or by the memory of their windows', () => {
  const broadcasts = { coresPerBroadcast: 0.004, bytesPerBroadcast: 20e6, budgetBytes: 8e9 };
  expect(broadcastCapacity(broadcasts)).toEqual({ broadcasts: 200, isBoundByMemory: false });
  expect(broadcastCapacity({ ...broadcasts, budgetBytes: 1e9 })).toEqual({ broadcasts: 50, isBoundByMemory: true });
});

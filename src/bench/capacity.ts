/** A thread that is busy for more of its time answers late. */
const mostUtilization = 0.8;

/** How many viewers `deliveryThreads` carry, of whom each takes `coresPerViewer`, with so many connections open at most. */
export function viewerCapacity(options: {
  readonly coresPerViewer: number;
  readonly deliveryThreads: number;
  readonly connections: number;
  /** A player opens as many. */
  readonly connectionsPerViewer: number;
}): { readonly viewers: number; readonly isBoundByConnections: boolean } {
  const { coresPerViewer, deliveryThreads, connections, connectionsPerViewer } = options;
  const byCpu = Math.floor((mostUtilization * deliveryThreads) / coresPerViewer);
  const byConnections = Math.floor(connections / connectionsPerViewer);
  return { viewers: Math.min(byCpu, byConnections), isBoundByConnections: byConnections < byCpu };
}

/** How many broadcasts the one thread that reads and packages them carries, and their windows fit into memory. */
export function broadcastCapacity(options: {
  readonly coresPerBroadcast: number;
  readonly bytesPerBroadcast: number;
  readonly budgetBytes: number;
}): { readonly broadcasts: number; readonly isBoundByMemory: boolean } {
  const byCpu = Math.floor(mostUtilization / options.coresPerBroadcast);
  const byMemory = Math.floor(options.budgetBytes / options.bytesPerBroadcast);
  return { broadcasts: Math.min(byCpu, byMemory), isBoundByMemory: byMemory < byCpu };
}

/** Whether a node takes viewers and publishers. A degraded one does, and somebody should look at it. */
export type Readiness = 'unready' | 'ready' | 'degraded' | 'alone';

/**
 * What `GET /readyz` says. A degraded node answers 200: it serves its viewers, and a load balancer that took it away
 * would turn a store that is down into viewers without a picture.
 */
export const readinessAnswers: Readonly<Record<Readiness, { readonly status: number; readonly body: string }>> = {
  unready: { status: 503, body: 'starting or stopping\n' },
  ready: { status: 200, body: 'ready\n' },
  degraded: { status: 200, body: 'degraded: the store does not answer\n' },
  alone: { status: 200, body: 'degraded: Redis does not answer, and viewers of other nodes are not counted\n' },
};

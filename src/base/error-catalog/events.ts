import { entry } from './entry.ts';

/** Events on their way to those who want to know: webhooks, Kafka, Redis; and the one who is asked before a publisher begins. */
export const eventErrors = {
  EVENTS_TARGET_PRIVATE: entry<{ host: string; address: string }>({
    message: ({ host, address }) =>
      `${host} is ${address}: this machine, its network, or no address to call from here.`,
    remedy: 'If it is meant, set allow_private: true for it in webhooks.',
    httpStatus: 502,
    exitCode: 4,
  }),
  EVENTS_RECEIVER_UNKNOWN: entry<{ receiver: string }>({
    message: ({ receiver }) => `There is no receiver of events "${receiver}".`,
    remedy: 'See which there are: streamctl events receivers',
    httpStatus: 404,
    exitCode: 3,
  }),
  EVENTS_NOT_DELIVERED_HERE: entry<Record<never, never>>({
    message: () => 'No server runs that delivers events.',
    remedy: 'Start it: streamctl serve',
    httpStatus: 503,
    exitCode: 5,
  }),
  EVENTS_REPLAY_NOTHING: entry<Record<never, never>>({
    message: () => 'Nothing was said that should be delivered again.',
    remedy: 'Name the first event (streamctl events replay --from ID), the dead letters (--dead-letters), or both.',
    httpStatus: 400,
    exitCode: 2,
  }),
  ACCESS_AUTHORIZER_REFUSED: entry<{ reason: string }>({
    message: ({ reason }) => `Publishing was not allowed${reason === '' ? '' : `: ${reason}`}.`,
    remedy: 'Ask who runs this server.',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_AUTHORIZER_UNAVAILABLE: entry<{ reason: string }>({
    message: ({ reason }) => `Nobody can say now whether publishing is allowed (${reason}).`,
    remedy: 'Try again in a moment. For the operator: the webhook with events: [authorize] has to answer within 2 s.',
    httpStatus: 503,
    exitCode: 5,
  }),
} as const;

import { entry } from './entry.ts';

/** Streams: unknown ones, steps their state does not allow, and announcing them. */
export const streamErrors = {
  STREAM_UNKNOWN: entry<{ stream: string }>({
    message: ({ stream }) => `There is no stream or channel "${stream}".`,
    remedy: 'See what there is: streamctl streams list',
    httpStatus: 404,
    exitCode: 3,
  }),
  STREAM_TRANSITION_ILLEGAL: entry<{ streamId: string; from: string; to: string; reason: string }>({
    message: ({ streamId, from, to, reason }) =>
      `Stream ${streamId} cannot go from ${from} to ${to}${reason === '' ? '' : ` (${reason})`}.`,
    remedy: 'The stream has moved on meanwhile: look at it again.',
    httpStatus: 409,
    exitCode: 4,
  }),
  STREAM_ALREADY_ANNOUNCED: entry<{ channel: string; streamId: string }>({
    message: ({ channel, streamId }) => `Channel "${channel}" has a broadcast already: ${streamId}.`,
    remedy: 'Publish to that one, or stop it first: streamctl streams stop CHANNEL',
    httpStatus: 409,
    exitCode: 4,
  }),
  STREAM_CHANNEL_MISSING: entry<Record<never, never>>({
    message: () => 'The request does not say which channel the broadcast is for.',
    remedy: 'Send {"channel": "morning-show"}, or come with a stream key, which stands for its channel.',
    httpStatus: 400,
    exitCode: 2,
  }),
  STREAM_CHANNEL_FOREIGN: entry<{ channel: string; keyChannel: string }>({
    message: ({ channel, keyChannel }) =>
      `The stream key is of channel "${keyChannel}", and announces no broadcast of "${channel}".`,
    remedy: 'Leave the channel out, or come with an API token that has the scope streams:write.',
    httpStatus: 403,
    exitCode: 4,
  }),
  STREAM_ANNOUNCED_LIMIT: entry<{ limit: number }>({
    message: ({ limit }) => `${limit} announced broadcasts wait for their publishers, as many as may publish at once.`,
    remedy: 'Cancel some that nobody will publish, or raise rtmp.max_publishers.',
    httpStatus: 503,
    exitCode: 4,
  }),
  STREAM_NOT_RECORDED: entry<{ channel: string }>({
    message: ({ channel }) =>
      `The broadcast of channel "${channel}" was not announced: the store does not take writes now.`,
    remedy: 'Try again in a moment; publishing without announcing works meanwhile. The log says what the store lacks.',
    httpStatus: 503,
    exitCode: 5,
  }),
  STREAM_ON_OTHER_NODE: entry<{ streamId: string; node: string }>({
    message: ({ streamId, node }) => `Stream ${streamId} belongs to node ${node}, and only that node can end it.`,
    remedy: 'Ask that node: run streamctl streams stop on its machine, or send the request to its API.',
    httpStatus: 409,
    exitCode: 4,
  }),
} as const;

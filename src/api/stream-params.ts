import * as z from 'zod';

/** Which stream a path is about. */
export const streamParams = z.object({
  stream_id: z.string().meta({
    description: 'Id of the stream, or the channel: then its current stream.',
    example: 'morning-show',
  }),
});

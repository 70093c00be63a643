import * as z from 'zod';

/** Every refusal and failure (RFC 9457), as `application/problem+json`. */
export const problemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string().meta({ description: 'Names the situation and never changes: `streamctl explain CODE`.' }),
    detail: z.string().meta({ description: 'What happened.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
    request_id: z.string().optional().meta({ description: 'Names the request in the log, as x-request-id does.' }),
  })
  .meta({ id: 'Problem' });
export type ProblemView = z.output<typeof problemView>;

import * as z from 'zod';
import { requestTime, utcTime } from './time.ts';

const yearSeconds = 366 * 86_400;

export const createLinkRequest = z
  .strictObject({
    expires_in: z
      .int()
      .min(1)
      .max(yearSeconds)
      .prefault(43_200)
      .meta({ description: 'How long the link is good, in seconds; counted from `not_before` where that is given.' }),
    not_before: requestTime.optional().meta({ description: 'From when on it is good; without it, at once.' }),
  })
  .meta({ id: 'CreateLink' });
export type CreateLinkRequest = z.input<typeof createLinkRequest>;

export const linkView = z
  .object({
    token: z.string().meta({ description: 'What is put before a path: `/t/TOKEN/hls/…`. Whoever has it may watch.' }),
    urls: z.object({
      hls: z.string(),
      hls_ts: z.string(),
      dash: z.string(),
      watch: z.string(),
      embed: z.string(),
    }),
    expires_at: utcTime,
  })
  .meta({ id: 'Link', description: 'A signed link, in each form.' });
export type LinkView = z.output<typeof linkView>;

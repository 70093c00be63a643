import * as z from 'zod';

/** How much a finding matters: `problem`: it does not work; `warning`: viewers suffer, or will; `note`: worth knowing. */
const findingSeverities = ['ok', 'note', 'warning', 'problem'] as const;
export type FindingSeverity = (typeof findingSeverities)[number];

/** One thing that was looked at: what it is, what that means for viewers, and what to do. */
export const findingView = z
  .object({
    /** Names what was looked at and how it was found: `keyframes-far-apart`. */
    code: z.string(),
    severity: z.enum(findingSeverities),
    found: z.string(),
    /** For viewers; empty where all is well. */
    means: z.string(),
    /** Empty where there is nothing to do. */
    remedy: z.string(),
    /** What was measured, each with its unit in its name. */
    figures: z.record(z.string(), z.union([z.number(), z.string()])),
  })
  .meta({
    id: 'Finding',
    description: 'One thing that was looked at: what it is, what that means for viewers, and what to do.',
  });
export type FindingView = z.output<typeof findingView>;

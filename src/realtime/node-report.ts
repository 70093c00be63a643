import * as z from 'zod';

const count = z.number().int().nonnegative();
const nodeReport = z.object({
  publishers: count,
  streams: z.array(z.object({ id: z.string(), viewers: count, qualities: z.array(z.tuple([z.string(), count])) })),
});

/** What a node tells the others: how many publish to it, and who watches what. */
export type NodeReport = z.output<typeof nodeReport>;

export function writeNodeReport(report: NodeReport): string {
  return JSON.stringify(report);
}

/** Undefined for what is no report: another version may have written it. */
export function readNodeReport(text: string): NodeReport | undefined {
  try {
    return nodeReport.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

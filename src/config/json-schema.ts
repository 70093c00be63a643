import * as z from 'zod';
import { configSchema } from './schema.ts';

/** The JSON Schema of the configuration file, for editors. Checks across values are not in it. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return { ...schema, title: 'streamctl configuration' };
}

import type * as z from 'zod';
import { StreamctlError } from '../base/errors.ts';

const maxBodyBytes = 64 * 1024;
const maxDepth = 32;

/** Reads and checks a JSON body of bounded size and depth. An empty one counts as `{}`. Throws API_BODY_… and API_INPUT_INVALID. */
export async function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  if (request.headers.has('content-encoding')) throw new StreamctlError('API_BODY_TYPE', {});
  const text = await readText(request);
  if (text === '') return checkInput({}, schema);
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new StreamctlError('API_BODY_TYPE', {});
  }
  if (isDeeper(text, maxDepth)) throw new StreamctlError('API_BODY_TOO_LARGE', {});
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StreamctlError('API_INPUT_INVALID', { mistakes: ['the body is not JSON'] }, { cause });
  }
  return checkInput(value, schema);
}

/** Throws API_INPUT_INVALID with every mistake at once. */
export function checkInput<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new StreamctlError('API_INPUT_INVALID', { mistakes }, { cause: result.error });
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) throw new StreamctlError('API_BODY_TOO_LARGE', {});
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether brackets nest deeper than `limit`, found without building anything. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (isInString) {
      if (character === '\\') i++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{' || character === '[') {
      if (++depth > limit) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}

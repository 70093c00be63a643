import { StreamctlError } from '../base/errors.ts';

const maxBodyBytes = 64 * 1024;
const maxDepth = 32;

/** Reads a JSON body of bounded size and depth, as text that is known to be JSON. None counts as `{}`. Throws API_BODY_… and API_INPUT_INVALID. */
export async function readJsonText(request: Request): Promise<string> {
  if (request.headers.has('content-encoding')) throw new StreamctlError('API_BODY_TYPE', {});
  const text = await readText(request);
  if (text === '') return '{}';
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw new StreamctlError('API_BODY_TYPE', {});
  }
  if (isDeeper(text, maxDepth)) throw new StreamctlError('API_BODY_TOO_LARGE', {});
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new StreamctlError('API_INPUT_INVALID', { mistakes: ['the body is not JSON'] }, { cause });
  }
  return text;
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

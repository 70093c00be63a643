import type { ListedOperation } from './description.ts';

/** A line for a shell that makes the request, with the examples of the description. */
export function curlLine({ path, method, operation }: ListedOperation, origin: string): string {
  const parameters = operation.parameters ?? [];
  const filled = path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const given = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name);
    return encodeURIComponent(String(given?.schema.examples?.[0] ?? name));
  });
  const parts = [`curl${method === 'GET' ? '' : ` -X ${method}`} ${origin}${filled}`];
  if (operation.security.length > 0) parts.push('-H "Authorization: Bearer $TOKEN"');
  const example = operation.requestBody?.content['application/json']?.example;
  if (example !== undefined) {
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(example))}`);
  }
  return parts.join(' \\\n  ');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

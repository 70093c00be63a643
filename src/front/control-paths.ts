import type { IncomingMessage } from 'node:http';

/** The first steps of paths that control answers: the API, its description, its pages and its WebSockets. */
const controlPaths: ReadonlySet<string> = new Set([
  'admin',
  'events',
  'keys',
  'metrics',
  'openapi.json',
  'status',
  'streams',
  'tokens',
  'ws',
]);

/** Of these, what pages of other sites may lead to. WebSockets look at Origin themselves. */
const openToOtherSites: ReadonlySet<string> = new Set(['admin', 'openapi.json', 'ws']);

/** Whether control is to be asked for a path, given without its query. */
export function belongsToControl(path: string): boolean {
  return controlPaths.has(firstStep(path));
}

/** Whether a browser says that a page of another site makes this request, for what is none of its business (Fetch Metadata §2.4). */
export function isForbiddenToOtherSite(path: string, fetchSite: string | undefined): boolean {
  return fetchSite === 'cross-site' && !openToOtherSites.has(firstStep(path));
}

export function asksForWebSocket(request: IncomingMessage): boolean {
  const { upgrade = '' } = request.headers;
  return upgrade.toLowerCase() === 'websocket' && firstStep(pathOf(request)) === 'ws';
}

/** Without the query, and without scheme and authority where the target is in absolute form (RFC 9112 §3.2.2). */
export function pathOf({ url = '/' }: { readonly url?: string | undefined }): string {
  return originForm(url).split('?', 1)[0]!;
}

/** A request target without scheme and authority. */
export function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '').replace(/^(?!\/)/, '/');
}

function firstStep(path: string): string {
  return path.split('/', 2)[1] ?? '';
}

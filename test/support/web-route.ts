import { webPages } from '../../src/web/web-pages.ts';
import type { Route } from './fixture-server.ts';

/** Mounts the product's pages on a fixture server. */
export function webRoute(): Route {
  const pages = webPages();
  return async (request, response, path) => {
    const answer = await pages({ method: request.method ?? 'GET', path, headers: request.headers });
    if (answer === undefined) return false;
    response.writeHead(answer.status, answer.headers).end(answer.body);
    return true;
  };
}

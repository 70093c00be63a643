import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { actorOf } from '../access/actor.ts';
import type { ApiTokens, IssuedToken } from '../access/api-tokens.ts';
import {
  createTokenRequest,
  type IssuedTokenView,
  issuedTokenView,
  listTokensQuery,
  type TokenView,
  tokenPage,
  tokenView,
} from '../contract/tokens.ts';
import type { TokenRow } from '../store/ports/token-store.ts';
import type { Api } from './api-env.ts';
import { answer, jsonBody, needs, refuses } from './operation.ts';
import { pageBehind } from './page-behind.ts';
import { isoOrNull, isoTime } from './views.ts';

const tokenParams = z.object({
  id: z.string().meta({ description: 'Id of the token, or a name that only this one has.', example: 'h3m6p2x7cd' }),
});
const tags = ['Tokens'];

const listTokens = createRoute({
  method: 'get',
  path: '/tokens',
  operationId: 'listTokens',
  tags,
  summary: 'List API tokens',
  description: 'Oldest first, revoked tokens too.',
  ...needs('admin'),
  request: { query: listTokensQuery },
  responses: { 200: answer('A page of tokens.', tokenPage) },
  ...refuses('STORE_CURSOR_INVALID'),
});

const createToken = createRoute({
  method: 'post',
  path: '/tokens',
  operationId: 'createToken',
  tags,
  summary: 'Create an API token',
  description: 'The only answer with the token in it; what is lost is made anew.',
  ...needs('admin'),
  request: { body: jsonBody(createTokenRequest) },
  responses: { 201: answer('The token.', issuedTokenView) },
});

const showToken = createRoute({
  method: 'get',
  path: '/tokens/{id}',
  operationId: 'showToken',
  tags,
  summary: 'Show an API token',
  ...needs('admin'),
  request: { params: tokenParams },
  responses: { 200: answer('The token without its secret.', tokenView) },
  ...refuses('TOKEN_NOT_FOUND'),
});

const revokeToken = createRoute({
  method: 'delete',
  path: '/tokens/{id}',
  operationId: 'revokeToken',
  tags,
  summary: 'Revoke an API token',
  description: 'It is good no longer, and stays in the list. Revoking it twice is no mistake.',
  ...needs('admin'),
  request: { params: tokenParams },
  responses: { 200: answer('The token as it is now.', tokenView) },
  ...refuses('TOKEN_NOT_FOUND'),
});

export function addTokenRoutes(api: Api, { tokens }: { readonly tokens: ApiTokens }): void {
  api.openapi(listTokens, async (c) => {
    const { items, nextCursor } = pageBehind(await tokens.list(), c.req.valid('query'));
    return c.json({ items: items.map(tokenViewOf), next_cursor: nextCursor }, 200);
  });

  api.openapi(createToken, async (c) => {
    const { name, scopes, expires_at: expiresAt } = c.req.valid('json');
    const expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : null;
    const issued = await tokens.by(actorOf(c.var.identity)).create({ name, scopes, expiresAtMs, draw: c.var.draw });
    return c.json(issuedTokenViewOf(issued), 201);
  });

  api.openapi(showToken, async (c) => c.json(tokenViewOf(await tokens.find(c.req.valid('param').id)), 200));

  api.openapi(revokeToken, async (c) => {
    const token = await tokens.by(actorOf(c.var.identity)).revoke(c.req.valid('param').id);
    return c.json(tokenViewOf(token), 200);
  });
}

function tokenViewOf(token: TokenRow): TokenView {
  return {
    id: token.id,
    name: token.name,
    prefix: `pat_${token.id}`,
    last4: token.last4,
    scopes: [...token.scopes],
    created_at: isoTime(token.createdAtMs),
    expires_at: isoOrNull(token.expiresAtMs),
    revoked_at: isoOrNull(token.revokedAtMs),
    last_used_at: isoOrNull(token.lastUsedAtMs),
  };
}

function issuedTokenViewOf({ token, text }: IssuedToken): IssuedTokenView {
  return { ...tokenViewOf(token), token: text };
}

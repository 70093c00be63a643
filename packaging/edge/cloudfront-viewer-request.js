/*
 * CloudFront Function (viewer request, runtime cloudfront-js-2.0) for signed playback: checks the link at the edge, and puts the
 * channel in the token's place, so that the cache key, and what the node is asked for, is the same for all who have a link to it.
 *
 * The keys are in a KeyValueStore that is associated with the function: the name of each (`kid`) with its 64 hexadecimal digits,
 * as in the node's playback.keys. The node believes the channel because of the origin's custom header Streamctl-Edge (auth.edge_secret).
 * Kept to what that runtime knows: no destructuring, no optional chaining.
 */
import cf from 'cloudfront';

// biome-ignore lint/style/useNodejsImportProtocol: CloudFront's own module, which has this name only
const crypto = require('crypto');

const keys = cf.kvs();
const maxTokenLength = 2048;
const toleranceSeconds = 30;

const refusals = {
  expired: { statusCode: 401, statusDescription: 'Unauthorized', code: 'ACCESS_PLAYBACK_TOKEN_EXPIRED' },
  invalid: { statusCode: 403, statusDescription: 'Forbidden', code: 'ACCESS_PLAYBACK_TOKEN_INVALID' },
};

// biome-ignore lint/correctness/noUnusedVariables: CloudFront calls it by its name
async function handler(event) {
  const request = event.request;
  const match = /^\/t\/([^/]+)(\/(hls|dash|thumb|time|cmcd|watch|embed)(\/.*)?)$/.exec(request.uri);
  if (match === null) {
    // Only this function says the name of a channel in a token's place.
    return request.uri.startsWith('/t/') ? refuse('invalid') : request;
  }
  // Pages are the same for everybody and say themselves what is wrong with a link.
  if (match[3] === 'watch' || match[3] === 'embed') return rewritten(request, match[2]);
  const grant = await read(match[1]);
  if (typeof grant === 'string') return refuse(grant);
  const name = /^\/([A-Za-z0-9_-]+)(\/|\.jpg$)/.exec(match[4] || '');
  // Which channel a stream belongs to, the node knows: it is asked once for each channel that is said.
  const isOther = name !== null && !name[1].startsWith('st_') && !grant.sub.startsWith('st_') && name[1] !== grant.sub;
  if (isOther) return refuse('invalid');
  return rewritten(request, `/t/${grant.sub}${match[2]}`);
}

function rewritten(request, uri) {
  request.uri = uri;
  return request;
}

/** The claims of a token that is good now, or why it is not. */
async function read(token) {
  const parts = token.split('.');
  if (token.length > maxTokenLength || parts.length !== 3) return 'invalid';
  const header = parsed(parts[0]);
  if (header === null || header.alg !== 'HS256' || header.crit !== undefined) return 'invalid';
  const secret = await secretOf(header.kid);
  if (secret === undefined) return 'invalid';
  const signature = crypto.createHmac('sha256', secret).update(`${parts[0]}.${parts[1]}`).digest('base64url');
  if (!isEqual(signature, parts[2])) return 'invalid';
  const claims = parsed(parts[1]);
  if (claims === null || typeof claims.sub !== 'string' || typeof claims.exp !== 'number') return 'invalid';
  if (!/^(?:st_[a-z2-7]{13}|[a-z0-9][a-z0-9-]{0,62})$/.test(claims.sub)) return 'invalid';
  const nowSeconds = Date.now() / 1000;
  if (claims.nbf !== undefined && !(claims.nbf <= nowSeconds + toleranceSeconds)) return 'invalid';
  return nowSeconds < claims.exp + toleranceSeconds ? claims : 'expired';
}

async function secretOf(kid) {
  if (typeof kid !== 'string' || !/^[A-Za-z0-9_-]{1,32}$/.test(kid)) return undefined;
  try {
    return await keys.get(kid);
  } catch (_) {
    return undefined; // there is no key of that name
  }
}

function parsed(part) {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch (_) {
    return null;
  }
}

/** Takes the same time wherever they differ. */
function isEqual(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function refuse(why) {
  const refusal = refusals[why];
  return {
    statusCode: refusal.statusCode,
    statusDescription: refusal.statusDescription,
    headers: {
      'content-type': { value: 'application/problem+json' },
      'cache-control': { value: 'no-store' },
      'access-control-allow-origin': { value: '*' },
    },
    body: JSON.stringify({ status: refusal.statusCode, title: refusal.statusDescription, code: refusal.code }),
  };
}

/** What an API token may do. */
export const scopes = {
  'streams:read': 'see broadcasts, their sessions and analytics',
  'streams:write': 'announce and stop broadcasts, make signed links to them',
  'keys:read': 'see stream keys, never their secrets',
  'keys:write': 'create, change, rotate and revoke stream keys',
  'events:read': 'read the list of events and what receivers would not take',
  'events:write': 'deliver events again',
  'metrics:read': 'read Prometheus metrics, node status and the live metrics of the node',
  admin: 'everything, API tokens too',
} as const;

export type Scope = keyof typeof scopes;
export const scopeNames = Object.keys(scopes) as readonly Scope[];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopes, text);
}

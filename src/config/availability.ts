import type { Config } from './schema.ts';

/** Something that is configured but that this build cannot do: told at the start rather than ignored. */
export interface UnavailableSetting {
  readonly path: string;
  readonly why: string;
}

/** What `config` asks for in vain. The defaults ask for nothing that is missing. */
export function unavailableInThisBuild(config: Config): UnavailableSetting[] {
  const settings: (UnavailableSetting & { readonly isAsked: boolean })[] = [
    {
      path: 'roles',
      isAsked: config.roles.length < 4,
      why: 'a node does everything: roles cannot be divided between nodes yet',
    },
    { path: 'storage.url', isAsked: config.storage.url.startsWith('s3:'), why: 'nothing is recorded' },
  ];
  return settings.filter(({ isAsked }) => isAsked).map(({ path, why }) => ({ path, why }));
}

import { stringify } from 'yaml';
import { type ConfigSection, readConfigTree } from './leaves.ts';

const header = `# The configuration of streamctl: every value with its default. All of it may be left out.
# Durations have a unit (ms, s, m, h, d). Each value can also be given by the environment, as
# STREAMCTL_ and its path (http.public_url: STREAMCTL_HTTP_PUBLIC_URL). Check it: streamctl config check
`;

/** The commented default file: config/streamctl.yaml, and what \`streamctl init\` writes. */
export function defaultConfigFile(): string {
  const { sections, leaves } = readConfigTree();
  const sectionsByPath = new Map(sections.map((section) => [section.path, section]));
  const leavesByPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  const lines: string[] = [header.trimEnd()];

  function writeSection(section: ConfigSection, depth: number): void {
    const indent = '  '.repeat(depth);
    for (const key of section.keys) {
      const path = section.path === '' ? key : `${section.path}.${key}`;
      const leaf = leavesByPath.get(path);
      const below = sectionsByPath.get(path);
      if (depth === 0) lines.push('');
      lines.push(`${indent}# ${leaf?.description ?? below?.description ?? ''}`);
      if (leaf !== undefined) lines.push(...yamlOf(key, leaf.defaultValue).map((line) => `${indent}${line}`));
      if (below !== undefined) {
        lines.push(`${indent}${key}:`);
        writeSection(below, depth + 1);
      }
    }
  }

  const root = sectionsByPath.get('');
  if (root !== undefined) writeSection(root, 0);
  return `${lines.join('\n')}\n`;
}

function yamlOf(key: string, value: unknown): string[] {
  const items = Array.isArray(value) && value.some((item) => typeof item === 'object');
  if (items) return [`${key}:`, ...(value as unknown[]).map((item) => `  - ${flow(item)}`)];
  return [`${key}: ${flow(value)}`];
}

function flow(value: unknown): string {
  const options = { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0 } as const;
  return stringify(value, options).trim();
}

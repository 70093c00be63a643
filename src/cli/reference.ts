import packageJson from '../../package.json' with { type: 'json' };
import { defaultConfigFile } from '../config/default-file.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { environmentNameOf, flaggedPaths, flagNameOf, readConfigTree } from '../config/leaves.ts';
import { allMetrics } from '../metrics/registry.ts';
import { apiDocument, apiReference } from './api-reference.ts';
import { eventJsonSchema, eventReference } from './event-reference.ts';
import { explanations } from './explain.ts';

export interface ReferenceFile {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

/** The files that are derived from the code. `npm run docs` writes them, a test holds them equal. */
export function referenceFiles(): readonly ReferenceFile[] {
  const document = apiDocument(packageJson.version);
  return [
    { path: 'docs/api.md', text: apiReference(document) },
    { path: 'docs/openapi.json', text: `${JSON.stringify(document, null, 2)}\n` },
    { path: 'docs/configuration.md', text: configurationReference() },
    { path: 'docs/errors.md', text: errorReference() },
    { path: 'docs/metrics.md', text: metricsReference() },
    { path: 'docs/events.md', text: eventReference() },
    { path: 'config/events.schema.json', text: `${JSON.stringify(eventJsonSchema(), null, 2)}\n` },
    { path: 'config/streamctl.yaml', text: defaultConfigFile() },
    { path: 'config/schema.json', text: `${JSON.stringify(configJsonSchema(), null, 2)}\n` },
  ];
}

function configurationReference(): string {
  const { sections, leaves } = readConfigTree();
  const descriptions = new Map(sections.map(({ path, description }) => [path, description]));
  const lines = [
    '# Configuration',
    '',
    'Generated from the code by `npm run docs`. Everything has a default: `streamctl serve` works without any of it.',
    '',
    '- The file is the first of `--config FILE`, `$STREAMCTL_CONFIG`, `./streamctl.yaml`, `/etc/streamctl/streamctl.yaml`.',
    '  `streamctl init` writes one with every value; [config/streamctl.yaml](../config/streamctl.yaml) is the same text.',
    '- A flag wins over the environment, the environment over the file, the file over the default. `streamctl config show` tells where each value came from.',
    '- `streamctl config check` reports every mistake at once, each with file and line, what was found and what would be right. With a mistake nothing starts (exit code 2).',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the notation of the configuration file
    '- Durations have a unit: `ms`, `s`, `m`, `h` or `d`. `${data_dir}` stands for the data folder. Relative paths count from where the command runs.',
    '- In the environment a list is written with commas (`ingest,api`) or as in YAML.',
  ];
  let section: string | undefined;
  for (const leaf of leaves) {
    const [top = ''] = leaf.path.split('.');
    const current = descriptions.has(top) ? top : '';
    if (current !== section) {
      section = current;
      const title = current === '' ? 'Top level' : `\`${current}\``;
      lines.push('', `## ${title}`, '', ...(current === '' ? [] : [descriptions.get(current) ?? '', '']));
      lines.push('| value | default | meaning | environment, flag |', '| --- | --- | --- | --- |');
    }
    const flag = (flaggedPaths as readonly string[]).includes(leaf.path) ? `<br>\`--${flagNameOf(leaf.path)}\`` : '';
    const cells = [`\`${leaf.path}\``, defaultText(leaf.defaultValue), leaf.description];
    lines.push(`| ${cells.map(escapeCell).join(' | ')} | \`${environmentNameOf(leaf.path)}\`${flag} |`);
  }
  return `${lines.join('\n')}\n`;
}

function metricsReference(): string {
  const lines = [
    '# Metrics',
    '',
    'Generated from the code by `npm run docs`. `GET /metrics` answers in the text format of Prometheus, to an API token with the scope `metrics:read`:',
    '`streamctl tokens create prometheus --scope metrics:read`. Or locally: `curl --unix-socket data/control.sock http://localhost/metrics`.',
    '',
    '| name | kind | meaning |',
    '| --- | --- | --- |',
    ...allMetrics.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
  ];
  return `${lines.join('\n')}\n`;
}

function defaultText(value: unknown): string {
  if (value === '') return 'empty';
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'
    ? value.map((item) => `\`${JSON.stringify(item)}\``).join('<br>')
    : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function errorReference(): string {
  const lines = [
    '# Errors',
    '',
    'Generated from the code by `npm run docs`. Every error has a code; `streamctl explain CODE` prints what stands here.',
    'The API answers it as `application/problem+json` with `code`, `detail` and `remedy`; a command prints it and ends with its exit code:',
    '1 failure, 2 wrong usage or configuration, 3 not found, 4 refused, 5 out of reach.',
    '',
    '| code | meaning | what to do | HTTP | exit |',
    '| --- | --- | --- | --- | --- |',
  ];
  for (const { code, meaning, remedy, http_status: http, exit_code: exit } of explanations()) {
    lines.push(`| \`${code}\` | ${escapeCell(meaning)} | ${escapeCell(remedy)} | ${http} | ${exit} |`);
  }
  return `${lines.join('\n')}\n`;
}

function escapeCell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .replace(/<(\w+)>/g, (match, name: string) => (name === 'br' ? match : `&lt;${name}&gt;`));
}

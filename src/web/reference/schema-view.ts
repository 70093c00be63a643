import { type DescribedSchema, resolve, type Schemas } from './description.ts';
import { element, prose } from './element.ts';

/** Requests say what has to be given, and show what is inside at once; answers are longer, and folded. */
export type Direction = 'request' | 'answer';

/** The members of an object, each with its type, its limits and what it means. */
export function schemaView(schema: DescribedSchema, schemas: Schemas, direction: Direction): HTMLElement {
  const { schema: own } = resolve(itemOf(schema, schemas), schemas);
  const required = new Set(own.required);
  const members = Object.entries(own.properties ?? {}).map(([name, member]) =>
    memberView(name, member, schemas, direction, { isRequired: required.has(name) }),
  );
  if (members.length === 0) return element('p', 'note', [typeText(schema, schemas)]);
  return element('ul', 'members', members);
}

/** One member, or one parameter. */
export function memberView(
  name: string,
  member: DescribedSchema,
  schemas: Schemas,
  direction: Direction,
  { isRequired = false, description = member.description }: { isRequired?: boolean; description?: string | undefined },
): HTMLElement {
  const head = element('div', 'member', [
    element('code', 'name', [name]),
    element('span', 'type', [typeText(member, schemas)]),
    isRequired && direction === 'request' ? element('span', 'required', ['required']) : undefined,
  ]);
  const means = description ?? resolve(innerOf(member, schemas), schemas).schema.description;
  const limits = limitsText(member, schemas);
  return element('li', '', [
    head,
    means === undefined ? undefined : element('p', 'means', prose(means)),
    limits === '' ? undefined : element('p', 'limits', prose(limits)),
    nested(member, schemas, direction),
  ]);
}

function nested(member: DescribedSchema, schemas: Schemas, direction: Direction): HTMLElement | undefined {
  const inner = itemOf(member, schemas);
  const { schema } = resolve(inner, schemas);
  if (Object.keys(schema.properties ?? {}).length === 0) return undefined;
  const view = schemaView(inner, schemas, direction);
  const attributes: Record<string, string> = direction === 'request' ? { open: '' } : {};
  return element('details', 'nested', [element('summary', '', ['members']), view], attributes);
}

/** Of a schema or null, the schema. */
function innerOf(schema: DescribedSchema, schemas: Schemas): DescribedSchema {
  const variants = schema.anyOf ?? schema.oneOf;
  return variants?.find((variant) => resolve(variant, schemas).schema.type !== 'null') ?? schema;
}

/** Of a list, what it is a list of. */
function itemOf(schema: DescribedSchema, schemas: Schemas): DescribedSchema {
  const inner = innerOf(schema, schemas);
  const { items } = resolve(inner, schemas).schema;
  return items === undefined ? inner : itemOf(items, schemas);
}

/** `string or null`, `list of Stream`, `"a" | "b"`. */
export function typeText(schema: DescribedSchema, schemas: Schemas): string {
  const { schema: own, name } = resolve(schema, schemas);
  if (name !== undefined && own.enum === undefined) return name;
  const variants = own.anyOf ?? own.oneOf;
  if (variants !== undefined) return variants.map((variant) => typeText(variant, schemas)).join(' or ');
  if (own.const !== undefined) return JSON.stringify(own.const);
  if (own.enum !== undefined) return own.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = typeof own.type === 'string' ? [own.type] : (own.type ?? ['any']);
  return types.map((type) => ofType(type, own, schemas)).join(' or ');
}

function ofType(type: string, schema: DescribedSchema, schemas: Schemas): string {
  if (type === 'array') return schema.items === undefined ? 'list' : `list of ${typeText(schema.items, schemas)}`;
  if (type === 'string' && schema.format === 'date-time') return 'time';
  if (type === 'object' && typeof schema.additionalProperties === 'object') {
    return `map to ${typeText(schema.additionalProperties, schemas)}`;
  }
  return type;
}

function limitsText(schema: DescribedSchema, schemas: Schemas): string {
  const { schema: own } = resolve(innerOf(schema, schemas), schemas);
  const above = own.minimum ?? own.exclusiveMinimum;
  const safe = (limit: number | undefined) => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  return [
    safe(above) ? `${own.minimum === undefined ? 'more than' : 'at least'} ${above}` : '',
    safe(own.maximum) ? `at most ${own.maximum}` : '',
    own.maxLength === undefined ? '' : `at most ${own.maxLength} characters`,
    own.minItems === undefined ? '' : `at least ${own.minItems} of them`,
    own.maxItems === undefined ? '' : `at most ${own.maxItems} of them`,
    own.default === undefined ? '' : `\`${JSON.stringify(own.default)}\` when left out`,
    own.examples?.[0] == null || own.default !== undefined ? '' : `such as \`${JSON.stringify(own.examples[0])}\``,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

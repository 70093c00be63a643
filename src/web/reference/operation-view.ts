import { curlLine } from './curl.ts';
import { accessOf, type DescribedMedia, type Description, type ListedOperation } from './description.ts';
import { element, paragraphs, prose } from './element.ts';
import { memberView, schemaView } from './schema-view.ts';

const placeNames: Readonly<Record<string, string>> = { path: 'Path', query: 'Query', header: 'Headers' };

/** One operation: what it does and needs, what it takes and answers, and a line to try it with. */
export function operationView(listed: ListedOperation, description: Description, origin: string): HTMLElement {
  const { path, method, operation } = listed;
  const id = operation.operationId;
  return element(
    'article',
    'operation',
    [
      element('h3', '', [element('a', '', [operation.summary], { href: `#${id}` })]),
      element('p', 'route', [element('span', `method ${method.toLowerCase()}`, [method]), element('code', '', [path])]),
      element('div', 'sides', [
        element('div', 'words', [
          ...paragraphs(operation.description ?? ''),
          accessView(operation),
          ...parameterViews(listed, description),
          ...bodyViews(listed, description),
          ...answerViews(listed, description),
          problemsView(listed, description),
        ]),
        element('div', 'samples', [
          sample('Request', curlLine(listed, origin)),
          ...answers(listed).flatMap(([status, media]) =>
            media.example === undefined ? [] : [sample(`Answer ${status}`, JSON.stringify(media.example, null, 2))],
          ),
        ]),
      ]),
    ],
    { id },
  );
}

function accessView(operation: ListedOperation['operation']): HTMLElement {
  const access = accessOf(operation);
  if (access === undefined) return element('p', 'access', [element('span', 'open', ['open to all'])]);
  const chips = access.flatMap((scope, i) => [i === 0 ? 'needs ' : ' or ', element('code', '', [scope])]);
  return element('p', 'access', chips);
}

function parameterViews({ operation }: ListedOperation, { components }: Description): HTMLElement[] {
  return Object.entries(placeNames).flatMap(([place, title]) => {
    const given = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
    if (given.length === 0) return [];
    const views = given.map(({ name, schema, required, description }) =>
      memberView(name, schema, components.schemas, 'request', { isRequired: required === true, description }),
    );
    return [element('h4', '', [title]), element('ul', 'members', views)];
  });
}

function bodyViews({ operation }: ListedOperation, { components }: Description): HTMLElement[] {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema === undefined ? [] : [element('h4', '', ['Body']), schemaView(schema, components.schemas, 'request')];
}

/** What is answered where all is well, by status. */
function answers({ operation }: ListedOperation): [string, DescribedMedia][] {
  return Object.entries(operation.responses).flatMap(([status, { content }]) => {
    const media = content?.['application/json'];
    return Number(status) >= 400 || media === undefined ? [] : [[status, media]];
  });
}

function answerViews({ operation }: ListedOperation, { components }: Description): HTMLElement[] {
  return Object.entries(operation.responses)
    .filter(([status]) => Number(status) < 400)
    .flatMap(([status, { description, content }]) => {
      const { schema } = content?.['application/json'] ?? {};
      return [
        element('h4', '', [`Answer ${status}`]),
        element('p', '', prose(description)),
        ...(schema === undefined ? [] : [schemaView(schema, components.schemas, 'answer')]),
      ];
    });
}

function problemsView({ operation }: ListedOperation, { components }: Description): HTMLElement {
  const rows = (operation['x-problem-codes'] ?? []).flatMap((code) => {
    const problem = components.examples?.[code]?.value;
    if (problem === undefined) return [];
    const { status, detail, remedy } = problem;
    return [
      {
        status,
        row: element('li', '', [
          element('div', 'member', [element('span', 'status', [String(status)]), element('code', 'name', [code])]),
          element('p', 'means', [detail]),
          element('p', 'limits', [remedy]),
        ]),
      },
    ];
  });
  rows.sort((a, b) => a.status - b.status);
  const list = element(
    'ul',
    'members',
    rows.map(({ row }) => row),
  );
  return element('details', 'problems', [element('summary', '', [`Refusals and failures (${rows.length})`]), list]);
}

function sample(title: string, text: string): HTMLElement {
  const button = element('button', 'copy', ['Copy'], { type: 'button' });
  button.addEventListener('click', () => {
    navigator.clipboard?.writeText(text).then(
      () => button.replaceChildren('Copied'),
      () => button.replaceChildren('Not allowed here'),
    );
  });
  const head = element('div', 'title', [title, 'clipboard' in navigator ? button : undefined]);
  return element('figure', 'sample', [head, element('pre', '', [element('code', '', [text])], { tabindex: '0' })]);
}

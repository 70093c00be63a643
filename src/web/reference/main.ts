/** The reference of the API: reads what the server says of itself, and shows it. */
import { type Description, type ListedOperation, operationsOf } from './description.ts';
import { element, paragraphs } from './element.ts';
import { operationView } from './operation-view.ts';

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element called "${id}"`);
  return found;
}

function show(description: Description): void {
  const operations = operationsOf(description);
  const ofTag = (name: string) => operations.filter(({ operation }) => operation.tags.includes(name));
  const { title, version, description: text = '' } = description.info;
  const access = description.components.securitySchemes.token?.description ?? '';
  part('content').replaceChildren(
    element('section', 'intro', [
      element('h1', '', [`${title} API`, element('small', '', [version])]),
      ...paragraphs(text),
      element('h2', '', ['Who asks'], { id: 'access' }),
      ...paragraphs(access.replace(/ Scopes: .*$/s, '')),
      scopeList(access),
    ]),
    ...description.tags.map(({ name, description: about = '' }) =>
      element('section', 'topic', [
        element('h2', '', [name], { id: `topic-${name}` }),
        ...paragraphs(about),
        ...ofTag(name).map((listed) => operationView(listed, description, location.origin)),
      ]),
    ),
  );
  part('index').replaceChildren(
    ...description.tags.map(({ name }) =>
      element('section', '', [element('h2', '', [name]), element('ul', '', ofTag(name).map(indexEntry))]),
    ),
  );
}

function scopeList(access: string): HTMLElement {
  const scopes = [...access.matchAll(/`([a-z]+(?::[a-z]+)?)` \(([^)]+)\)/g)];
  return element(
    'dl',
    'scopes',
    scopes.flatMap(([, name = '', allows = '']) => [
      element('dt', '', [element('code', '', [name])]),
      element('dd', '', [allows]),
    ]),
  );
}

function indexEntry({ method, path, operation }: ListedOperation): HTMLElement {
  const link = element(
    'a',
    '',
    [element('span', `method ${method.toLowerCase()}`, [method]), element('span', 'what', [operation.summary])],
    { href: `#${operation.operationId}`, 'data-words': `${method} ${path} ${operation.summary}`.toLowerCase() },
  );
  return element('li', '', [link]);
}

function filterIndex(wanted: string): void {
  for (const link of document.querySelectorAll<HTMLElement>('#index a')) {
    const isWanted = link.dataset.words?.includes(wanted.trim().toLowerCase()) ?? true;
    if (link.parentElement !== null) link.parentElement.hidden = !isWanted;
  }
  for (const section of document.querySelectorAll<HTMLElement>('#index section')) {
    section.hidden = section.querySelector('li:not([hidden])') === null;
  }
}

/** Marks in the index what is being read. */
function followReading(): void {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        document.querySelector('#index [aria-current]')?.removeAttribute('aria-current');
        document.querySelector(`#index a[href="#${CSS.escape(target.id)}"]`)?.setAttribute('aria-current', 'true');
      }
    },
    { rootMargin: '-10% 0px -80% 0px' },
  );
  for (const operation of document.querySelectorAll('article.operation')) observer.observe(operation);
}

async function start(): Promise<void> {
  const menu = part('menu') as HTMLDetailsElement;
  const narrow = matchMedia('(max-width: 60rem)');
  const fold = () => {
    menu.open = !narrow.matches;
  };
  narrow.addEventListener('change', fold);
  fold();
  part('index').addEventListener('click', () => {
    if (narrow.matches) menu.open = false;
  });
  part('filter').addEventListener('input', (event) => filterIndex((event.target as HTMLInputElement).value));
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  show((await response.json()) as Description);
  followReading();
  if (location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

start().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  part('content').replaceChildren(
    element('p', 'note', [`The description could not be read: ${reason}. Load the page again in a moment.`]),
  );
});

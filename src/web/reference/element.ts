type Child = Node | string | undefined;

/** An element with its class (empty for none), its attributes and what is in it; text is text, never HTML. */
export function element(
  name: string,
  className: string,
  children: readonly Child[] = [],
  attributes: Readonly<Record<string, string>> = {},
): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A line of the description: `code` between backticks is shown as such. */
export function prose(text: string): Node[] {
  return text
    .split(/(`[^`]+`)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('`') && part.endsWith('`') && part.length > 2
        ? element('code', '', [part.slice(1, -1)])
        : document.createTextNode(part),
    );
}

/** Paragraphs, and lists of lines that begin with a dash. */
export function paragraphs(text: string): HTMLElement[] {
  return text.split(/\n\s*\n/).map((block) => {
    const lines = block.split('\n').filter((line) => line.trim() !== '');
    if (!lines.every((line) => line.startsWith('- '))) return element('p', '', prose(lines.join(' ')));
    return element(
      'ul',
      '',
      lines.map((line) => element('li', '', prose(line.slice(2)))),
    );
  });
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** The licences of all packages whose code is in the executable, and of Node itself, as one text. `folders` from the project's root. */
export function thirdPartyLicenses(folders: ReadonlySet<string>): string {
  const packages = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      license: string;
    };
    return { title: `${name} ${version} (${license})`, text: licenseText(join(root, folder)) };
  });
  const line = '-'.repeat(78);
  return packages.map(({ title, text }) => `${line}\n${title}\n${line}\n\n${text.trim()}\n`).join('\n');
}

/** Throws for a package that says nothing about its licence: such a one must not be shipped. */
function licenseText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying|unlicense)/i.test(name));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  const readme = join(folder, 'README.md');
  const section = existsSync(readme) ? /^#+ *licen[cs]e[\s\S]*/im.exec(readFileSync(readme, 'utf8'))?.[0] : undefined;
  if (section === undefined) throw new Error(`${folder} has no licence text`);
  return section;
}

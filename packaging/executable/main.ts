/* Where the executable begins: bundled into one CommonJS file, which knows neither `await` outside of functions nor import.meta. */
import { dirname } from 'node:path';
import { commandMap } from '../../commands/map.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { runCommandLine } from '../../src/cli/run.ts';

const { name, version } = packageJson;
const root = dirname(process.execPath);
void runCommandLine({ argv: process.argv.slice(2), commands: commandMap, root, packageJson: { name, version } }).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
);

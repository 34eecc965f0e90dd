import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import { text } from '../args.ts';
import { out } from '../io.ts';
import { scaffold } from '../scaffold/scaffold.ts';

export const initCommand: CommandModule = {
  command: 'init [dir]',
  describe: 'Write a new project: inventory, playbook, editor and CI settings',
  builder: (y) =>
    y
      .positional('dir', { type: 'string', describe: 'Where; default: here' })
      .option('service', { type: 'string', describe: 'Name of the service; default: the name of the folder' })
      .option('force', { type: 'boolean', default: false, describe: 'Write over files that exist' }),
  handler: (args) => {
    const dir = resolve(text(args, 'dir') ?? '.');
    const service = text(args, 'service') ?? serviceName(basename(dir));
    const exists = (path: string): boolean => existsSync(join(dir, path));
    // What a project of any kind may have already is never written over.
    const files = scaffold({ service }).filter((f) => !f.common || !exists(f.path));
    const there = files.filter((f) => exists(f.path));
    if (there.length > 0 && args.force !== true)
      throw new RefusedError('PD2231', `there is already ${there.map((f) => f.path).join(', ')}`, {
        hint: '--force writes over them',
      });
    for (const file of files) {
      const path = join(dir, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content);
      out.err(`wrote ${file.path}`);
    }
    out.err(
      '\nNext: name your hosts in inventories/staging.yaml, build your binary, then\n  pdeploy plan -i staging',
    );
  },
};

function serviceName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'app' : name.slice(0, 32);
}

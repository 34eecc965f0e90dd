import { inventoryFile } from './inventory.ts';
import { playbookFile, templateFile } from './playbook.ts';
import { ignoreFile, packageFile, tsconfigFile } from './project-files.ts';
import { workflowFile } from './workflow.ts';

export type ScaffoldFile = {
  /** Relative to the project. */
  readonly path: string;
  readonly content: string;
  /** Part of many projects already: one that is there is better left alone than written over. */
  readonly common: boolean;
};

export type ScaffoldOptions = {
  /** `a-z`, `0-9` and `-`, at most 32. */
  readonly service: string;
};

/** The files of a new project: they type-check, load and compile as they are. */
export function scaffold(options: ScaffoldOptions): readonly ScaffoldFile[] {
  const { service } = options;
  return [
    { path: 'inventories/staging.yaml', content: inventoryFile(service), common: false },
    { path: 'playbooks/rollout.ts', content: playbookFile(service), common: false },
    { path: 'playbooks/config.yaml', content: templateFile(service), common: false },
    { path: '.github/workflows/pdeploy.yaml', content: workflowFile(), common: false },
    { path: 'package.json', content: packageFile(service), common: true },
    { path: 'tsconfig.json', content: tsconfigFile(), common: true },
    { path: '.gitignore', content: ignoreFile(), common: true },
  ];
}

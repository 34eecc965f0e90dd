/** What npm needs to install pdeploy and to check the playbooks. */
export function packageFile(service: string): string {
  const manifest = {
    name: `${service}-deploy`,
    private: true,
    type: 'module',
    scripts: { check: 'tsc --noEmit', plan: 'pdeploy plan', rollout: 'pdeploy rollout' },
    devDependencies: { '@types/node': '^24', pdeploy: '^0.1.0', typescript: '^7.0.2' },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Strict types for playbooks; nothing is ever compiled to files. */
export function tsconfigFile(): string {
  const config = {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      noEmit: true,
    },
    include: ['playbooks'],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

export function ignoreFile(): string {
  return 'node_modules/\n.pdeploy/\nbuild/\n';
}

import { expected, type Key, type KeyType } from './key.ts';
import { KEYS } from './keys.ts';
import { RULES } from './lint/lint.ts';

/** The module server-conf.ts: the types a playbook sees, made from the table of keys. */
export function serverConfModule(): string {
  const settable = KEYS.filter((key) => key.own !== true);
  return `// Made from keys.ts: \`vitest run --project unit test/pingora/keys.test.ts -u\` writes it anew.

/** Keys of Pingora's server configuration that a playbook may set; the others pdeploy sets itself. */
export type ServerConf = {
${settable.map(field).join('\n')}
};
`;
}

/** The table of keys in docs/pingora.md. */
export function keyTable(): string {
  const rows = KEYS.map((key) => {
    const unit = key.unit === undefined ? '' : `, ${key.unit}`;
    return `| \`${key.name}\` | ${expected(key.type)}${unit} | ${key.otherwise} | ${key.since} | ${key.about}${marks(key)} |`;
  });
  return ['| key | value | when absent | since | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The table of rules in docs/pingora.md. */
export function ruleTable(): string {
  const rows = RULES.map((rule) => `| \`${rule.name}\` | ${rule.code} | ${rule.about} |`);
  return ['| rule | code | finds |', '|---|---|---|', ...rows].join('\n');
}

function marks(key: Key): string {
  return key.own === true ? ' *By pdeploy.*' : '';
}

function field(key: Key): string {
  const unit = key.unit === undefined ? '' : ` In ${key.unit}.`;
  const nothing = key.nullable ? ' | null' : '';
  return [
    `  /** ${key.about.replaceAll('*/', '* /')}${unit} Default: ${key.otherwise}. Since ${key.since}. */`,
    `  readonly ${key.name}?: ${typeName(key.type)}${nothing} | undefined;`,
  ].join('\n');
}

function typeName(type: KeyType): string {
  switch (type.kind) {
    case 'flag':
      return 'boolean';
    case 'number':
      return 'number';
    case 'text':
      return 'string';
    case 'texts':
      return 'readonly string[]';
    case 'choice':
      return type.of.map((word) => `'${word}'`).join(' | ');
  }
}

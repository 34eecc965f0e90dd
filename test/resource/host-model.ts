import type { Answer } from '../../src/model/facts.ts';
import type { HostOp, Query } from '../../src/model/resource.ts';
import { sha256 } from '../../src/util/digest.ts';
import { Secret } from '../../src/util/secret.ts';

type Entry = {
  readonly type: 'file' | 'directory' | 'link';
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly text: string;
};

/** As much of a host as resources ask of it and do to it: what the agent does, in memory. */
export type HostModel = {
  readonly paths: Map<string, Entry>;
  readonly users: Map<string, { readonly home: string; readonly shell: string }>;
  /** Commands that ran, joined by spaces. */
  readonly ran: string[];
};

export function emptyHost(): HostModel {
  return { paths: new Map(), users: new Map(), ran: [] };
}

/** `unless` commands are answered from what ran: `['test', 'x']` is true after a command that ends in `x`. */
export function answer(host: HostModel, query: Query): Answer {
  switch (query.kind) {
    case 'user': {
      const user = host.users.get(query.name);
      return user === undefined ? { kind: 'absent' } : { kind: 'user', uid: 999, ...user };
    }
    case 'exec':
      return { kind: 'exit', code: host.ran.some((line) => line.endsWith(` ${query.argv.at(-1)}`)) ? 0 : 1 };
    case 'path': {
      const entry = host.paths.get(query.path);
      if (entry === undefined) return { kind: 'absent' };
      const { text, ...rest } = entry;
      return {
        kind: 'path',
        ...rest,
        // As stat prints it: without the leading zero.
        mode: entry.mode.replace(/^0(?=\d{3})/, ''),
        size: text.length,
        sha256: entry.type === 'file' ? sha256(text) : '',
        ...(query.text && entry.type === 'file' ? { text } : {}),
      };
    }
  }
}

export function apply(host: HostModel, op: HostOp): void {
  switch (op.kind) {
    case 'user':
      host.users.set(op.name, { home: op.home, shell: op.shell });
      return;
    case 'directory':
      host.paths.set(op.path, {
        type: 'directory',
        mode: op.mode,
        owner: op.owner,
        group: op.group,
        text: '',
      });
      return;
    case 'file': {
      const text = op.content instanceof Secret ? op.content.reveal() : op.content;
      host.paths.set(op.path, { type: 'file', mode: op.mode, owner: op.owner, group: op.group, text });
      return;
    }
    case 'credential':
      host.paths.set(op.path, {
        type: 'file',
        mode: '0600',
        owner: 'root',
        group: 'root',
        text: 'encrypted',
      });
      return;
    case 'remove':
      host.paths.delete(op.path);
      return;
    case 'command':
      host.ran.push(op.argv.join(' '));
      if (op.argv[0] === 'sysctl') for (const pair of op.argv.slice(3)) setKernel(host, pair);
  }
}

function setKernel(host: HostModel, pair: string): void {
  const [key = '', value = ''] = pair.split('=');
  // The kernel answers lists with tabs.
  const text = `${value.replaceAll(' ', '\t')}\n`;
  host.paths.set(`/proc/sys/${key.replaceAll('.', '/')}`, {
    type: 'file',
    mode: '0644',
    owner: 'root',
    group: 'root',
    text,
  });
}

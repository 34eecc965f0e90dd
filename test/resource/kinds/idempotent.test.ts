import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ResourceStep } from '../../../src/model/resource.ts';
import { absent } from '../../../src/resource/kinds/absent.ts';
import { command } from '../../../src/resource/kinds/command.ts';
import { directory } from '../../../src/resource/kinds/directory.ts';
import { file } from '../../../src/resource/kinds/file.ts';
import { sysctl } from '../../../src/resource/kinds/sysctl.ts';
import { user } from '../../../src/resource/kinds/user.ts';
import { Secret } from '../../../src/util/secret.ts';
import { finish } from '../finish.ts';
import { answer, apply, emptyHost, type HostModel } from '../host-model.ts';

const name = fc.constantFrom('edge', 'www', 'root');
const mode = fc.constantFrom('0644', '644', '0600', '2750', '0000');
const text = fc.oneof(fc.string(), fc.constantFrom('', '\n', 'a\nb\n'));
const common = { owner: name, group: fc.option(name, { nil: undefined }), mode };

const steps: fc.Arbitrary<ResourceStep> = fc.oneof(
  name.map((n) => user({ name: n })),
  fc.record({ path: fc.constantFrom('/srv/a', '/srv/b'), ...common }).map(directory),
  fc
    .record({
      path: fc.constantFrom('/etc/a', '/etc/b'),
      content: fc.oneof(
        text,
        text.map((t) => Secret.around('s', t)),
      ),
      ...common,
    })
    .map((o) => finish(file(o))),
  fc.constantFrom('/etc/a', '/etc/c').map((path) => absent({ path })),
  name.map((n) => command({ name: n, argv: ['do', n], unless: ['test', n], revert: ['undo', n] })),
  fc
    .dictionary(
      fc.constantFrom('net.core.somaxconn', 'net.ipv4.ip_local_port_range'),
      fc.constantFrom(1, 65_535, '1 2'),
      { minKeys: 1 },
    )
    .map(sysctl),
);

/** A host on which some of what is desired, or something like it, is already there. */
const hosts: fc.Arbitrary<HostModel> = fc.array(steps, { maxLength: 6 }).map((before) => {
  const host = emptyHost();
  for (const step of before) converge(host, step);
  return host;
});

function converge(host: HostModel, step: ResourceStep): void {
  const answers = step.resource.queries(step.desired, step.id).map((query) => answer(host, query));
  for (const op of step.resource.ops(step.desired, answers)) apply(host, op);
}

test('after the ops nothing differs and nothing is left to do', () => {
  fc.assert(
    fc.property(hosts, steps, (host, step) => {
      converge(host, step);
      const answers = step.resource.queries(step.desired, step.id).map((query) => answer(host, query));
      expect(step.resource.diff(step.desired, answers)).toEqual([]);
      expect(step.resource.ops(step.desired, answers)).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test('there are ops when, and only when, something differs', () => {
  fc.assert(
    fc.property(hosts, steps, (host, step) => {
      const answers = step.resource.queries(step.desired, step.id).map((query) => answer(host, query));
      const changes = step.resource.diff(step.desired, answers);
      expect(step.resource.ops(step.desired, answers).length > 0).toBe(changes.length > 0);
    }),
    { numRuns: 1_000 },
  );
});

test('ids of queries begin with the id of the step and differ', () => {
  fc.assert(
    fc.property(steps, (step) => {
      const ids = step.resource.queries(step.desired, step.id).map((query) => query.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id.startsWith(step.id)).toBe(true);
    }),
  );
});

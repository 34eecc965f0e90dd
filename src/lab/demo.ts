/** `npm run demo`: the main job on a small fleet of real systemd hosts, told by the commands a user types. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../errors.ts';
import { type Reference, referenceService } from './reference.ts';

const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));
const SHORT = ['--min-healthy-time', '3s', '--healthy-deadline', '12s'];

type Chapter = { readonly title: string; readonly args: readonly string[]; readonly wants?: number };

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Runs one command as a user would. Ends the demo when it does not end as the story says. */
function tell({ title, args, wants = EXIT.done }: Chapter): void {
  say(
    `\n${title}\n$ pdeploy ${args.map((a) => (/[^A-Za-z0-9_@%+=:,./-]/.test(a) ? `'${a}'` : a)).join(' ')}`,
  );
  const result = spawnSync(process.execPath, [PDEPLOY, ...args], { stdio: 'inherit' });
  if (result.status === wants) return;
  say(`\nThis should have ended with exit code ${wants}, but ended with ${result.status ?? result.signal}.`);
  say('The fleet is still up: look at it with pdeploy status -i lab, take it down with pdeploy lab down.');
  process.exit(1);
}

/** What the second release has that the first has not, in words and as variables. */
const UPDATE: { readonly [F in Reference['flavour']]: readonly [words: string, ...args: string[]] } = {
  edge: ['more worker threads', '-e', 'workers=4'],
  caddy: ['more time for requests in flight', '-e', 'grace_seconds=4'],
};

/** The faulty release: its process runs and answers, and never says that it is ready. */
const BROKEN = ['-e', 'fault={never_ready: true}'];

const started = performance.now();
tell({ title: 'A fleet: three real systemd hosts on this machine.', args: ['lab', 'up', '--hosts', '3'] });
const reference = await referenceService(say);
if (reference.flavour === 'caddy') say(`${reference.why}: the demo deploys Debian's caddy instead.`);
const release = ['-e', `binary=${reference.binary}`, '-e', `flavour=${reference.flavour}`];
const rollout = ['rollout', '-i', 'lab', '--yes', ...SHORT, ...release];
tell({ title: 'The first release, one host at a time.', args: [...rollout, '--release', 'v1'] });
const [words, ...update] = UPDATE[reference.flavour];
tell({ title: `An update: ${words}.`, args: [...rollout, '--release', 'v2', ...update] });
tell({
  title: 'A bad release: it never becomes ready. It goes back by itself; the other hosts are never touched.',
  args: [...rollout, '--release', 'v3', ...update, ...BROKEN],
  wants: EXIT.rolledBack,
});
tell({ title: 'What runs now, by the hosts’ own word.', args: ['status', '-i', 'lab'] });
tell({ title: 'What happened.', args: ['history'] });
tell({
  title: 'Back to the release before.',
  args: ['rollback', '-i', 'lab', '--yes', '--min-healthy-time', '3s'],
});
tell({ title: 'And now.', args: ['status', '-i', 'lab'] });
say(`\nThat took ${Math.round((performance.now() - started) / 1_000)} s. The fleet is up. Next:`);
say('  bin/pdeploy status -i lab       look again');
say('  bin/pdeploy lab ssh edge-01     go there');
say('  bin/pdeploy lab down            take it down, nothing is left behind');

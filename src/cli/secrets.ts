import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { projectDir } from '../config/project.ts';
import { type Problem, UsageError } from '../errors.ts';
import { actor } from '../execute/origin.ts';
import type { Host } from '../model/host.ts';
import { findPlaybook, playbookNames } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { generateIdentity, type Identity, type Recipient } from '../secrets/age.ts';
import { contentProblems } from '../secrets/content.ts';
import { openWorkplace, runEditor } from '../secrets/edit.ts';
import { examineAge, examineClear } from '../secrets/examine.ts';
import { readAge, SECRETS_FOLDER } from '../secrets/files.ts';
import { wantedBy, wantedOf, withSecrets } from '../secrets/fill-in.ts';
import { identityFile, readIdentities } from '../secrets/identities.ts';
import { addRecipient, RECIPIENTS, readRecipients } from '../secrets/recipients.ts';
import { unusedNames } from '../secrets/unused.ts';
import type { Failure, Surroundings, Wanted } from '../secrets/wanted.ts';
import { filesOfSecrets, writeAge } from '../secrets/write.ts';
import { type Args, text } from './args.ts';
import { isInteractive, out } from './io.ts';
import { knowsInventory, readProject } from './project.ts';

const NEW_FILE = `# Names and texts, e.g.
# edge:
#   api_key: the text, at least 6 characters
`;

/** A key for this user, and their public key among those who can open the secrets of the project. */
export async function keygen(): Promise<void> {
  const around = await here();
  const file = identityFile(around);
  if (!existsSync(file)) {
    const { recipient, text: key } = await generateIdentity();
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const day = new Date().toISOString();
    writeFileSync(file, `# created: ${day}\n# public key: ${recipient.text}\n${key}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    out.err(`wrote ${file}: keep a copy where you keep your other keys`);
  }
  for (const { recipient } of await identitiesOf(around)) {
    out.data(recipient.text);
    if (!addRecipient(around.project, recipient, actor())) continue;
    out.err(`added to ${RECIPIENTS}`);
    if (ageFiles(around.project).length > 0)
      out.err('Somebody who can open the files now runs pdeploy secrets rekey, then you can too.');
  }
}

/** `secrets/prod.yaml` to `secrets/prod.yaml.age`. The file in the clear stays: it is for its owner to remove. */
export async function encrypt(given: string | undefined): Promise<void> {
  const around = await here();
  if (given === undefined)
    throw UsageError.of('PD2202', 'which file? pdeploy secrets encrypt secrets/prod.yaml');
  const plain = readClear(given);
  const target = `${given}.age`;
  refuseProblems(contentProblems(plain, given));
  await writeAge(around.project, resolve(target), plain, await readRecipients(around.project));
  out.err(`wrote ${target}\n${given} is still there in the clear: remove it, also from the history of git`);
}

/** Opens a file in the editor of the user and encrypts what they leave, if it changed and is right. */
export async function edit(given: string | undefined): Promise<void> {
  const around = await here();
  const file = fileOf(given, around.project);
  const recipients = await readRecipients(around.project);
  const shown = relative(around.project, file);
  const before = existsSync(file) ? opened(await readAge(file, around)) : undefined;
  const place = openWorkplace(file, before ?? NEW_FILE, process.env);
  try {
    const after = await edited(place, shown);
    if (after === (before ?? NEW_FILE)) return out.err('Nothing has been changed.');
    await writeAge(around.project, file, after, recipients);
  } finally {
    place.remove();
  }
  out.err(`wrote ${shown} for ${peopleText(recipients)}`);
}

/** Until the text is right, or its author gives up. */
async function edited(place: ReturnType<typeof openWorkplace>, shown: string): Promise<string> {
  for (;;) {
    await runEditor(place.file, process.env);
    const after = place.read();
    const problems = contentProblems(after, shown);
    if (problems.length === 0) return after;
    if (!isInteractive()) throw new UsageError(problems);
    for (const { message, at } of problems) out.err(`${at?.line ?? 1}:${at?.col ?? 1} ${message}`);
    const { confirm } = await import('./prompt.ts');
    if (!(await confirm('Edit it again? What you wrote is lost otherwise.', new AbortController().signal)))
      throw new UsageError(problems);
  }
}

/** Encrypts all files anew for those who are in `.recipients` now. */
export async function rekey(): Promise<void> {
  const around = await here();
  const recipients = await readRecipients(around.project);
  const files = ageFiles(around.project);
  if (files.length === 0) return out.err(`There is no file in ${SECRETS_FOLDER}/ to encrypt anew.`);
  // All are open before the first is written: a half of them for other people would help nobody.
  const texts = await Promise.all(
    files.map(async (file) => [file, opened(await readAge(file, around))] as const),
  );
  for (const [file, plain] of texts)
    await writeAge(around.project, join(around.project, file), plain, recipients);
  out.err(`${files.join(', ')}: for ${peopleText(recipients)}`);
  const own = (await identitiesOf(around)).map((identity) => identity.recipient.text);
  if (!recipients.some((r) => own.includes(r.text)))
    out.err(`Your own key is not in ${RECIPIENTS}: you cannot open these files any more.`);
  out.err('Who was taken out still knows what they have read: change those secrets too.');
}

/** Are all files encrypted, for the right people, and right in themselves; with -i: is there all that is asked for. */
export async function check(args: Args): Promise<void> {
  const around = await here();
  const files = filesOfSecrets(around.project);
  const problems: Problem[] = [];
  const recipients = files.some((file) => file.endsWith('.age')) ? await readRecipients(around.project) : [];
  for (const file of files) {
    const sealed = file.endsWith('.age');
    const found = sealed ? await examineAge(file, recipients, around) : examineClear(file, around.project);
    problems.push(...found.problems);
    if (sealed && found.problems.length === 0)
      out.data(`${file}  ${found.secrets} secrets for ${peopleText(recipients)}`);
  }
  refuseProblems(problems);
  if (!(await knowsInventory(args))) return;
  const { inventory, hosts, project } = await readProject(args);
  const loaded = await loadPlaybook(findPlaybook(text(args, 'playbook') ?? 'rollout', project));
  const asking = { ...around, inventory: inventory.name };
  await withSecrets(loaded.playbook, hosts, asking, loaded.file);
  out.data(`${inventory.file} and playbook ${loaded.playbook.name}  have all secrets that they name`);
  await tellUnused([...inventory.hosts.values()], asking);
}

/** A name too many breaks nothing; all playbooks count, as any of them may ask for it. */
async function tellUnused(hosts: readonly Host[], around: Surroundings): Promise<void> {
  const wanted: Wanted[] = [...wantedOf(hosts)];
  for (const name of playbookNames(around.project)) {
    try {
      const { playbook } = await loadPlaybook(findPlaybook(name, around.project));
      wanted.push(...wantedBy(playbook, undefined, around.project));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return out.err(`Whether a secret is not used cannot be told: playbook ${name} does not load.`);
    }
  }
  const { file, names } = await unusedNames(wanted, around);
  if (names.length > 0)
    out.err(
      `warning: ${file} has ${names.join(', ')}, which neither ${around.inventory} nor a playbook names`,
    );
}

async function here(): Promise<Surroundings> {
  const project = (await projectDir(process.cwd())) ?? process.cwd();
  return { project, inventory: undefined, env: process.env, home: homedir() };
}

function fileOf(given: string | undefined, project: string): string {
  if (given === undefined)
    throw UsageError.of('PD2202', 'which file? prod for secrets/prod.yaml.age, or a path');
  if (/^[A-Za-z0-9_-]+$/.test(given)) return join(project, SECRETS_FOLDER, `${given}.yaml.age`);
  if (given.endsWith('.age')) return resolve(given);
  throw UsageError.of('PD2202', `${given} is not a file of secrets: it ends in .age`);
}

function readClear(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw UsageError.of('PD2142', `cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function ageFiles(project: string): readonly string[] {
  return filesOfSecrets(project).filter((file) => file.endsWith('.age'));
}

async function identitiesOf(around: Surroundings): Promise<readonly Identity[]> {
  const found = await readIdentities(around);
  if (found.kind === 'failure') throw new UsageError([found]);
  return found.list;
}

function opened(got: string | Failure): string {
  if (typeof got !== 'string') throw new UsageError([got]);
  return got;
}

function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UsageError(problems);
}

function peopleText(recipients: readonly Recipient[]): string {
  return recipients.length === 1 ? '1 recipient' : `${recipients.length} recipients`;
}

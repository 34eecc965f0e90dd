import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Grant } from '../host/privileges/grant.ts';
import { type PublicKey, parsePublicKeys } from '../host/privileges/public-keys.ts';
import { type Args, text, texts } from './args.ts';

/** What the flags of `hosts bootstrap` ask for. @throws UsageError for what can be judged without an inventory */
export function grantOf(args: Args): Grant {
  const login = text(args, 'user') ?? 'pdeploy';
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(login) || login === 'root')
    throw UsageError.of('PD2226', `--user ${login} cannot be a deploy login`, 'a-z, 0-9, _ and -; not root');
  const policy = text(args, 'policy') === 'host' ? 'host' : 'deploy';
  const services = texts(args, 'service');
  const odd = services.find((name) => !/^[a-z][a-z0-9-]{0,31}$/.test(name));
  if (odd !== undefined) throw UsageError.of('PD2226', `--service ${odd} cannot be a service`);
  if (policy === 'host' && services.length > 0)
    throw UsageError.of('PD2226', '--policy host lets the login deploy every service', 'leave --service out');
  const from = texts(args, 'from');
  const wild = from.find((pattern) => !/^!?[A-Za-z0-9.:*?/_-]+$/.test(pattern));
  if (wild !== undefined)
    throw UsageError.of('PD2226', `--from ${wild} is no address or pattern`, 'see from= in sshd(8)');
  return { login, policy, services, from, keys: readKeys(text(args, 'key')), balancers: [], kept: [] };
}

function readKeys(file: string | undefined): readonly PublicKey[] {
  if (file === undefined)
    throw UsageError.of('PD2227', 'which key may log in?', '--key FILE, such as ~/.ssh/ci_ed25519.pub');
  let content: string;
  try {
    content = readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw UsageError.of('PD2227', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const parsed = parsePublicKeys(content);
  if (!parsed.ok) throw UsageError.of('PD2227', `${file}: ${parsed.why}`);
  return parsed.keys;
}

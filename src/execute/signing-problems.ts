import { isOlder, targetMachine } from '../host/signed-facts.ts';
import type { Observation } from '../model/facts.ts';
import type { CompiledHost } from './compile.ts';

type SigningProblem = { readonly host: string; readonly code: string; readonly message: string };

/** What the agent of a host would refuse of a release, told before anything is sent to it. */
export function signingProblems(
  compiled: CompiledHost,
  observation: Observation,
  downgrade: boolean,
): readonly SigningProblem[] {
  const host = compiled.host.name;
  const { keys, version } = observation.signing;
  const { signature, binary, release } = compiled;
  const problem = (code: string, message: string): SigningProblem => ({ host, code, message });
  const instances = [...observation.instances.values()];
  if (instances.length > 0 && instances.every((i) => i.current === release.digest)) return [];
  if (signature === undefined)
    return keys.length === 0
      ? []
      : [
          problem(
            'PD3025',
            `${host} takes signed releases of ${release.service} only, and ${binary} is not signed`,
          ),
        ];
  const { facts, publicKey } = signature;
  if (keys.length > 0 && !keys.includes(publicKey))
    return [problem('PD3025', `${host} does not pin the key that ${binary} is signed with`)];
  if (targetMachine(facts.target) !== observation.facts.arch)
    return [
      problem('PD3024', `${host} is ${observation.facts.arch}, ${binary} is signed for ${facts.target}`),
    ];
  if (version === '' || !isOlder(facts.version, version)) return [];
  const older = `${host} has had ${version}, ${binary} is signed as ${facts.version}`;
  if (!downgrade) return [problem('PD3026', `${older} (--allow-downgrade takes it all the same)`)];
  return observation.facts.policy === 'host'
    ? []
    : [problem('PD3026', `${older}, and its policy allows no downgrade`)];
}

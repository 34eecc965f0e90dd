import { count } from './words.ts';

type Problem = { readonly n: number; readonly deployment: string; readonly what: string };

/** What an audit found, in the shape that src/execute makes. */
export type AuditFacts = {
  readonly chain: { readonly events: number; readonly head: string; readonly problems: readonly Problem[] };
  readonly hosts: readonly {
    readonly host: string;
    readonly compared: number;
    readonly others: number;
    readonly problems: readonly string[];
    readonly unreachable: string;
  }[];
};

/** Lines for a person: the record in itself, then what each host keeps of it. */
export function auditText({ chain, hosts }: AuditFacts): readonly string[] {
  const head = chain.head === '' ? '' : `, head ${chain.head.slice(0, 12)}`;
  const lines =
    chain.problems.length === 0
      ? [`✔ ${count(chain.events, 'event')}, an unbroken chain${head}`]
      : chain.problems.map(
          (p) => `✖ event ${p.n}${p.deployment === '' ? '' : ` of ${p.deployment}`}: ${p.what}`,
        );
  for (const { host, compared, others, problems, unreachable } of hosts) {
    const elsewhere = others === 0 ? '' : `, ${count(others, 'anchor')} of other records`;
    if (unreachable !== '') lines.push(`? ${host}: ${unreachable}`);
    else if (problems.length === 0)
      lines.push(`✔ ${host}: ${count(compared, 'anchor')} as in this record${elsewhere}`);
    else lines.push(...problems.map((problem) => `✖ ${host}: ${problem}`));
  }
  return lines;
}

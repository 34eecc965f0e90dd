/** `haproxy lb-1, lb-2; http x` of `haproxy lb-1`, `haproxy lb-2`, `http x`: what goes by the same way is named once. */
export function groupNames(names: readonly string[]): string {
  const ways = Map.groupBy(names, (name) => name.split(' ')[0] ?? '');
  return [...ways]
    .map(([way, all]) => `${way} ${all.map((n) => n.slice(way.length + 1)).join(', ')}`.trim())
    .join('; ');
}

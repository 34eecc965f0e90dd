import type { ResourceKind, ResourceStep } from '../model/resource.ts';

/** A step of a resource kind; the type of what is desired is the kind's own business from here on. */
export function resourceStep<D>(name: string, resource: ResourceKind<D>, desired: D): ResourceStep {
  return {
    type: 'resource',
    id: `${resource.kind}:${name}`,
    desired,
    resource,
  } as ResourceStep<D> as unknown as ResourceStep;
}

import { VERBS } from '../host/request.ts';
import { EVENT_REFERENCE } from '../report/event-reference.ts';

/** All failpoints, events first, in the order in which a deployment comes by most of them. */
export function failpointNames(): readonly string[] {
  const places = [
    ...Object.keys(EVENT_REFERENCE).map((type) => `event.${type}`),
    ...VERBS.map((verb) => `call.${verb}`),
  ];
  return places.flatMap((place) => [`${place}.before`, `${place}.after`]);
}

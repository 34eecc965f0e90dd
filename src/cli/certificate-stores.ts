import { type CertificateStores, certificateStores } from '../certs/acme/store.ts';
import { ageSeal } from '../secrets/seal.ts';
import { type Session, surroundings } from './session.ts';

/** What certificate authorities have given to the project; sealed for who can open its secrets, if anybody is named. */
export function certificateStoresOf(
  session: Pick<Session, 'state' | 'project' | 'inventory'>,
): CertificateStores {
  return certificateStores(session.state, ageSeal(surroundings(session)));
}

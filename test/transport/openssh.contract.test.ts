import { createOpensshTransport } from '../../src/transport/openssh/transport.ts';
import { transportContract } from './contract.ts';

transportContract('openssh', (settings) => createOpensshTransport(settings), { signals: false });

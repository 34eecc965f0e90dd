import { createSsh2Transport } from '../../src/transport/ssh2.ts';
import { transportContract } from './contract.ts';

transportContract('ssh2', (settings) => createSsh2Transport({ ...settings, policy: 'strict' }), {
  signals: true,
});

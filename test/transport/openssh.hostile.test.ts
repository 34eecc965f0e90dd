import { createOpensshTransport } from '../../src/transport/openssh/transport.ts';
import { hostileSuite } from './hostile/suite.ts';

const env = { HOME: '/nonexistent', PATH: process.env.PATH };

hostileSuite({
  kind: 'openssh',
  make: (settings) => createOpensshTransport({ ...settings, env, configFile: '/dev/null' }),
});

import { newUpstream } from './upstream.ts';

/** Started with an address to listen on; says the port. */
const server = newUpstream();
server.listen(0, process.argv[2], () => {
  const at = server.address();
  if (at !== null && typeof at === 'object') process.stdout.write(`${at.port}\n`);
});

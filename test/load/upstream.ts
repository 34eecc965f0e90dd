import { createServer } from 'node:http';

/** What the service under load proxies to: reads every body to its end, then answers. Started with an address to listen on. */
const server = createServer((req, res) => {
  req.resume();
  req.on('end', () => res.end('read'));
});
server.keepAliveTimeout = 600_000;
server.listen(0, process.argv[2], () => {
  const at = server.address();
  if (at !== null && typeof at === 'object') process.stdout.write(`${at.port}\n`);
});

import { createHmac, timingSafeEqual } from 'node:crypto';

import Fastify from 'fastify';

/** The least a receiver can do: verify the HMAC of the bytes, parse the JSON, answer. */
const [secret = '', port = '0'] = process.argv.slice(2);
const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body);
});
app.post('/webhook/gitea', { bodyLimit: 16 * 1024 * 1024 }, (request, reply) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(String(request.headers['x-gitea-signature']), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return reply.code(401).send({ status: 'refused' });
  JSON.parse(body.toString());
  return reply.send({ status: 'accepted' });
});
await app.listen({ host: '127.0.0.1', port: Number(port) });

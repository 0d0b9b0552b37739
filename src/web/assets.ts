import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { FastifyInstance } from 'fastify';

/** Of `assets/`, which the build copies beside the program. */
const assets = {
  style: readAsset('style.css', 'text/css; charset=utf-8'),
  live: readAsset('live.js', 'text/javascript; charset=utf-8'),
  icon: readAsset('icon.svg', 'image/svg+xml'),
};

/** Address of a file. It has a hash of the content, so that a browser may keep it for good. */
export function assetPath(asset: keyof typeof assets): string {
  const { path, hash } = assets[asset];
  return `${path}?v=${hash}`;
}

/** Serves the files to everybody: the page for signing in needs them. */
export function registerAssets(app: FastifyInstance): void {
  for (const { path, type, content } of Object.values(assets))
    app.get(path, (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(content),
    );
}

function readAsset(name: string, type: string) {
  const content = readFileSync(new URL(`./assets/${name}`, import.meta.url));
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return { path: `/assets/${name}`, type, content, hash };
}

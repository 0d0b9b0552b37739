import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { FastifyInstance } from 'fastify';

/** Files of `assets/`, which the build copies beside the program. */
const files = {
  style: { name: 'style.css', type: 'text/css; charset=utf-8' },
  live: { name: 'live.js', type: 'text/javascript; charset=utf-8' },
  icon: { name: 'icon.svg', type: 'image/svg+xml' },
} as const;
type Asset = keyof typeof files;

const contents = {
  style: readAsset('style'),
  live: readAsset('live'),
  icon: readAsset('icon'),
} satisfies Record<Asset, Buffer>;

/** Addresses of the files. Each has a hash of its content, so that a browser may keep it for good. */
export const assetPaths = {
  style: pathOf('style'),
  live: pathOf('live'),
  icon: pathOf('icon'),
} satisfies Record<Asset, string>;

/** Serves the files to everybody: the page for signing in needs them. */
export function registerAssets(app: FastifyInstance): void {
  for (const asset of ['style', 'live', 'icon'] as const)
    app.get(`/assets/${files[asset].name}`, (_request, reply) =>
      reply
        .type(files[asset].type)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(contents[asset]),
    );
}

function readAsset(asset: Asset): Buffer {
  return readFileSync(new URL(`./assets/${files[asset].name}`, import.meta.url));
}

function pathOf(asset: Asset): string {
  const hash = createHash('sha256').update(contents[asset]).digest('hex').slice(0, 12);
  return `/assets/${files[asset].name}?v=${hash}`;
}

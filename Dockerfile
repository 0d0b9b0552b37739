# Node comes from the image, so the optional packages that bring it to a checkout stay out.
# No package needs its install script here.

# Pinned by the digest of the index of all platforms; docs/operations.md says how to move it.
ARG NODE_IMAGE=node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=optional --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

# docker build --target verifier: what runs gates needs git, a sandbox and the tool chains of your projects.
FROM ${NODE_IMAGE} AS verifier
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bubblewrap ca-certificates git \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
RUN install -d -o node -g node -m 700 /work
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY --from=build /app/dist dist
USER node
VOLUME /work
CMD ["node", "dist/main.js", "verify", "--directory", "/work"]

FROM ${NODE_IMAGE}
# The service runs on node alone: what installs packages stays out, wherever the base image keeps it.
RUN rm -rf "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" \
    /usr/local/lib/node_modules /opt/yarn-* \
  && rm -f /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg
# There is no git and no sandbox in this image: verifiers have one of their own.
ENV NODE_ENV=production \
    VERIFIERS=0 \
    DATABASE_URL=file:/data/coordinator.db
WORKDIR /app
RUN install -d -o node -g node -m 700 /data
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY docs docs
COPY --from=build /app/dist dist
USER node
VOLUME /data
EXPOSE 8000
# Unhealthy when deliveries cannot be stored, and when hooks are refused or silent.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "--input-type=module", "-e", "const ask = (path) => fetch('http://127.0.0.1:' + (process.env.PORT || 8000) + path, { signal: AbortSignal.timeout(4000) }); const replies = await Promise.all(['/health', '/health/webhook'].map(ask)); for (const reply of replies) console.log(reply.url, await reply.text()); process.exit(replies.every(({ ok }) => ok) ? 0 : 1)"]
CMD ["node", "dist/main.js"]

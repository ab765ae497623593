# One image for the registry, the nodes and the command line.
#
#   docker build -t ringkeep .
#   docker run --rm ringkeep registry --help
#   docker run --rm ringkeep node --help
#   docker run --rm -it --network host ringkeep cli --node 127.0.0.1:50001

FROM node:20-bookworm-slim AS build
RUN mkdir /app && chown node:node /app
WORKDIR /app
USER node
COPY --chown=node:node package.json package-lock.json ./
COPY --chown=node:node packages/shared/package.json packages/shared/
COPY --chown=node:node packages/routing/package.json packages/routing/
COPY --chown=node:node packages/registry/package.json packages/registry/
COPY --chown=node:node packages/dht-node/package.json packages/dht-node/
COPY --chown=node:node packages/client/package.json packages/client/
COPY --chown=node:node packages/cli/package.json packages/cli/
COPY --chown=node:node packages/checker/package.json packages/checker/
COPY --chown=node:node packages/simulator/package.json packages/simulator/
RUN npm ci --ignore-scripts
COPY --chown=node:node tsconfig.json tsconfig.base.json ./
COPY --chown=node:node packages packages
RUN npx tsc --build packages/registry packages/dht-node packages/cli \
  && npm ci --ignore-scripts --omit=dev \
    --workspace packages/registry --workspace packages/dht-node --workspace packages/cli \
  && find packages -type d \( -name src -o -name test \) -prune -exec rm -rf {} + \
  && find packages node_modules -name '*.map' -delete

FROM node:20-bookworm-slim
ENV NODE_ENV=production
RUN mkdir /app /data && chown node:node /app /data
WORKDIR /app
COPY --from=build --chown=node:node /app/node_modules node_modules
COPY --from=build --chown=node:node /app/packages packages
COPY --chown=node:node package.json ./
COPY --chown=node:node scripts/docker-entrypoint.sh /usr/local/bin/ringkeep
USER node
VOLUME /data
ENTRYPOINT ["ringkeep"]
CMD ["--help"]

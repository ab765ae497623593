# The program, `ringkeep`: the registry, the nodes and the command line; docker-compose.yml makes a ring of it.
#
#   docker build -t ringkeep .
#   docker run --rm ringkeep node --help          (also: registry, and each command of the command line)
#
# Three throw-away stages and a last one that only copies. What compiles (TypeScript, and everything that the
# tests need) and what runs are installed separately, so a change of the sources reinstalls nothing.
# Plain enough for BuildKit and the classic builder alike.

# The manifests alone: their copy stays the same, and cached, whatever else changes in the packages.
FROM node:20-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
RUN find packages -type f ! -name package.json -delete && find packages -type d -empty -delete

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json ./
COPY packages packages
COPY config config
COPY LICENSE ./
COPY scripts/build.mjs scripts/client-bundle.mjs scripts/
COPY scripts/docker-entrypoint.sh bin/ringkeep
# The files' modes are set because they depend on the umask of whoever checked the sources out.
RUN node scripts/build.mjs packages/program \
  && find packages -mindepth 2 -maxdepth 2 ! -name dist ! -name package.json -exec rm -rf {} + \
  && find packages -type f \( -name '*.ts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete \
  && chmod -R a+rX packages config LICENSE && chmod 755 bin/ringkeep

# lmdb brings its native part for several versions of Node.js and C libraries; one is loaded.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev \
    --workspace packages/program \
  && abi=$(node -p process.versions.modules) \
  && find node_modules -type f \( -name '*.musl.node' -o -name '*.abi*.node' ! -name "*.abi$abi.*" \) -delete \
  && find node_modules -type f \( -name '*.ts' -o -name '*.map' -o -name 'README*' -o -name 'CHANGELOG*' \) -delete

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="Ringkeep" \
      org.opencontainers.image.description="A replicated key-value store on a consistent-hashing ring, over gRPC" \
      org.opencontainers.image.licenses="MIT"
# Inside a container every server listens on all addresses: the published ports decide who can reach it.
ENV NODE_ENV=production \
    REGISTRY_HOST=0.0.0.0 \
    REGISTRY_DATA_DIR=/data \
    NODE_HOST=0.0.0.0 \
    NODE_ADVERTISE=hostname \
    DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=build /app/config config
COPY --from=build /app/LICENSE ./
COPY --from=build /app/bin/ringkeep /usr/local/bin/
USER node
VOLUME /data
HEALTHCHECK --interval=5s --timeout=10s --start-period=10s --retries=6 CMD ["ringkeep", "health"]
ENTRYPOINT ["ringkeep"]
CMD ["help"]

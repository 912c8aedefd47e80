# One image for all processes; the command says which one it is, such as services/book-service/dist/main.js.
# infra/images/image.int.spec.ts carries out every step of this file in a clean folder, where there is no container engine.
FROM node:20.20.2-bookworm-slim AS node
WORKDIR /shelfmark

# What npm looks at, apart from the rest: where only code has changed, nothing is installed anew.
FROM node AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json -delete

FROM node AS build
COPY --from=manifests /shelfmark ./
RUN npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
COPY . .
RUN node_modules/.bin/tsc -b services/* aggregators applications/* \
    && rm -rf infra packages/eventstoredb-server \
    && find . -name node_modules -prune -exec rm -rf {} + \
    && find . -type f ! -path '*/dist/*.js' ! -path '*/dist/*.json' ! -path './contracts/generated/*.json' ! -name package.json -delete \
    && find . -type d -empty -delete

# Types and source maps serve who develops, and the native modules for musl serve other base images.
FROM node AS modules
COPY --from=manifests /shelfmark ./
RUN rm -rf infra packages/eventstoredb-server \
    && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
    && find . -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete \
    && rm -rf node_modules/typeorm/browser node_modules/@kurrent/bridge-*-musl node_modules/@lmdb/*/*.musl.node node_modules/@msgpackr-extract/*/*.musl.node

FROM node AS runtime
LABEL org.opencontainers.image.title="shelfmark" \
    org.opencontainers.image.description="A library-lending system built as event-sourced services" \
    org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
COPY --from=modules /shelfmark ./
COPY --from=build /shelfmark ./
# A number, so that a cluster can tell that it is not root. Nothing in the image is this user's to write.
USER 10001:10001
ENTRYPOINT ["node"]

# What `tilt up` runs: the same, but its user may write what it is made of, so that a change goes into a container that runs.
FROM runtime AS development
USER 0
RUN chmod -R a+w .
USER 10001:10001

FROM runtime

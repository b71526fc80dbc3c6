FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# Dependencies are a layer of their own, so that a change of our code does not compile them again.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# Cargo requires every target that the manifest names. Empty files are enough for those that are not built here.
RUN mkdir -p src benches/figures \
    && echo 'fn main() {}' > src/main.rs \
    && echo 'fn main() {}' > benches/figures/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src
COPY migrations migrations
COPY src src
# `soracrawl --version` shows it.
ARG REVISION=""
ENV SORACRAWL_COMMIT=$REVISION
# Copied files keep their old modification times, by which cargo decides what to compile.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM debian:bookworm-slim
# https requires root certificates.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -r /var/lib/apt/lists/*
# The folder is made here, because a home that useradd makes contains the files of /etc/skel.
RUN groupadd --gid 10001 soracrawl \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin --no-log-init soracrawl \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /build/target/release/soracrawl /usr/local/bin/soracrawl
# For compose.yaml: it keeps a container that Docker must not restart.
COPY contrib/docker/soracrawl-hold /usr/local/bin/soracrawl-hold
# docker build --build-arg VERSION=… --build-arg REVISION=… --build-arg SOURCE=https://…
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="soracrawl" \
    org.opencontainers.image.description="A bulk crawler and archiver for a paid, rate-limited, cursor-paginated API: every page is bought once" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.source="$SOURCE"
# Numeric, so that Kubernetes can check runAsNonRoot, and that the owner of a bind mount is known.
USER 10001:10001
WORKDIR /data
VOLUME /data
# SQLite's large temporary files belong on the volume, not in the layer of the container.
ENV SQLITE_TMPDIR=/data
# After SIGTERM, calls in flight finish: keep the stop timeout of the container above limits.grace_seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["soracrawl", "status", "--check"]
ENTRYPOINT ["soracrawl"]
CMD ["run"]

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# Build the dependencies in a layer of their own, so that a source change does not recompile them.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# Cargo requires every target that the manifest names.
COPY benches benches
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src
COPY migrations migrations
COPY src src
# COPY keeps modification times, which cargo compares with its build; `touch` forces a rebuild.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM debian:bookworm-slim
# HTTPS requires root certificates.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -r /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /data soracrawl
COPY --from=build /build/target/release/soracrawl /usr/local/bin/soracrawl
USER soracrawl
WORKDIR /data
VOLUME /data
# SIGTERM lets calls in flight finish: set the container's stop timeout above limits.grace_seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["soracrawl", "status", "--check"]
ENTRYPOINT ["soracrawl"]
CMD ["run"]

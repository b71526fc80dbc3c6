FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The dependencies by themselves, so that a change of our own code does not compile them again.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# Cargo wants to see every target that the manifest names.
COPY benches benches
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src
COPY migrations migrations
COPY src src
# Copied files keep their old times; cargo goes by them.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM debian:bookworm-slim
# https needs to know whom to trust.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -r /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /data soracrawl
COPY --from=build /build/target/release/soracrawl /usr/local/bin/soracrawl
USER soracrawl
WORKDIR /data
VOLUME /data
# On SIGTERM the calls in flight are finished: give the container longer than limits.grace_seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["soracrawl", "status", "--check"]
ENTRYPOINT ["soracrawl"]
CMD ["run"]

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# Dependencies are a layer of their own, so that a change of our code does not compile them again.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# Cargo requires every target that the manifest names.
COPY benches benches
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src
COPY migrations migrations
COPY src src
# Copied files keep their old modification times, by which cargo decides what to compile.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM debian:bookworm-slim
# https requires root certificates.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -r /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /data soracrawl
COPY --from=build /build/target/release/soracrawl /usr/local/bin/soracrawl
USER soracrawl
WORKDIR /data
VOLUME /data
# After SIGTERM, calls in flight finish: keep the stop timeout of the container above limits.grace_seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["soracrawl", "status", "--check"]
ENTRYPOINT ["soracrawl"]
CMD ["run"]

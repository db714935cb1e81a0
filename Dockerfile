# The tickseed server with the demo page, built by the same scripts that scripts/run uses:
#   docker build --tag tickseed . && docker run --publish 127.0.0.1:8080:8080 --volume tickseed:/data tickseed

FROM node:24.19.0-bookworm-slim AS node

# The same Debian release as the final image, and the Rust version of rust-toolchain.toml.
FROM rust:1.95.0-slim-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /build

# Tools and npm packages.
COPY scripts/environment.sh scripts/install-tools scripts/
COPY rust-toolchain.toml ./
COPY crates/engine-wasm/npm/package.json crates/engine-wasm/npm/package-lock.json crates/engine-wasm/npm/
COPY crates/engine-wasm/npm/openapi crates/engine-wasm/npm/openapi
COPY web-demo/package.json web-demo/package-lock.json web-demo/
RUN scripts/install-tools

# The server's dependencies, built with an empty server so that this layer is reused when only the server changes.
COPY Cargo.toml Cargo.lock ./
COPY crates/bench crates/bench
COPY crates/conformance crates/conformance
COPY crates/engine crates/engine
COPY crates/engine-module crates/engine-module
COPY crates/engine-wasm/Cargo.toml crates/engine-wasm/
COPY crates/engine-wasm/src crates/engine-wasm/src
COPY crates/engine-wasm/tests crates/engine-wasm/tests
COPY crates/public-api crates/public-api
COPY crates/reference crates/reference
COPY crates/session crates/session
COPY crates/statistics crates/statistics
COPY crates/store crates/store
COPY crates/server/Cargo.toml crates/server/
RUN mkdir crates/server/src \
    && echo '//! Empty.' >crates/server/src/lib.rs \
    && printf '//! Empty.\nfn main() {}\n' >crates/server/src/main.rs \
    && cargo build --release --locked --package tickseed-server \
    && cargo clean --release --package tickseed-server

# The demo page.
COPY scripts/build-wasm scripts/build-web-demo scripts/
COPY crates/engine-wasm/npm crates/engine-wasm/npm
COPY web-demo web-demo
COPY docs/openapi.json docs/
RUN scripts/build-wasm && scripts/build-web-demo

# The server, with the page embedded.
COPY crates/server crates/server
RUN cargo build --release --locked --package tickseed-server

FROM debian:bookworm-20260803-slim
LABEL org.opencontainers.image.title="tickseed" \
      org.opencontainers.image.description="Everybody sees the same counter at the same moment, and nothing is streamed" \
      org.opencontainers.image.licenses="MIT"
# CA certificates for TLS connections to Redis.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY deploy/healthcheck /usr/local/bin/tickseed-healthcheck
COPY --from=build /build/target/release/tickseed /usr/local/bin/
# A new volume takes over the contents and the owner of this folder.
RUN install --directory --owner=10001 --group=10001 /data
ENV HOST=0.0.0.0 \
    PORT=8080 \
    TICKSEED_DATA_DIR=/data
USER 10001:10001
EXPOSE 8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["tickseed-healthcheck", "/healthz"]
ENTRYPOINT ["tickseed"]
CMD ["serve"]

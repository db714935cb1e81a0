# The tickseed server with the demo page, built by the same scripts that scripts/run uses:
#   docker build --tag tickseed . && docker run --publish 127.0.0.1:8080:8080 --volume tickseed:/data tickseed
# .dockerignore says which files take part. They are not listed again here, where a new crate could be forgotten.

FROM node:24.19.0-bookworm-slim AS node

# The same Debian release as the final image, and the Rust version of rust-toolchain.toml.
FROM rust:1.95.0-slim-bookworm AS toolchain
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && cargo install --debug --locked cargo-chef@0.1.78
WORKDIR /build

# What the tools, the npm packages and the server's dependencies follow from. Their layers are reused until this changes.
FROM toolchain AS manifests
COPY . .
RUN cargo chef prepare --recipe-path /recipe.json \
    && mkdir /packages \
    && find . \( -name package.json -o -name package-lock.json -o -name rust-toolchain.toml \
        -o -path ./scripts/environment.sh -o -path ./scripts/install-tools \) \
        -exec cp --parents --target-directory=/packages {} +

FROM toolchain AS build
COPY --from=manifests /packages .
RUN scripts/install-tools
COPY --from=manifests /recipe.json /
RUN cargo chef cook --release --locked --package tickseed-server --recipe-path /recipe.json
# The page comes before the server, which embeds it.
COPY . .
RUN scripts/build-wasm \
    && scripts/build-web-demo \
    && cargo build --release --locked --package tickseed-server

FROM debian:bookworm-20260803-slim
LABEL org.opencontainers.image.title="tickseed" \
      org.opencontainers.image.description="Everybody sees the same counter at the same moment, and nothing is streamed" \
      org.opencontainers.image.licenses="MIT"
# CA certificates for TLS connections to the store.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY deploy/healthcheck /usr/local/bin/tickseed-healthcheck
COPY --from=build /build/target/release/tickseed /usr/local/bin/
# A new volume takes over the contents and the owner of this folder.
RUN install --directory --owner=10001 --group=10001 /data
# Others may reach a container, so only the client that creates a session gets the right to change it.
ENV HOST=0.0.0.0 \
    PORT=8080 \
    TICKSEED_ACCESS=token \
    TICKSEED_DATA_DIR=/data
USER 10001:10001
EXPOSE 8080
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["tickseed-healthcheck", "/healthz"]
ENTRYPOINT ["tickseed"]
CMD ["serve"]

# syntax=docker/dockerfile:1
#
# The daemon in an image without a shell, for any user but root and a root file system that is read-only.
#
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" --tag palisade .
#   docker run --rm palisade --version
#   docker run --rm --volume "$PWD/desired-state:/desired-state:ro" palisade validate /desired-state
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --publish 127.0.0.1:9464:9464 \
#     --volume "$PWD/desired-state:/desired-state:ro" --volume palisade:/var/lib/palisade \
#     --env PALISADE_MODE=observe --env AWS_REGION --env AWS_ACCESS_KEY_ID --env AWS_SECRET_ACCESS_KEY \
#     --env AWS_SESSION_TOKEN palisade
#
# The builder and the final image are the same Debian release, so that the C library is the same.

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The git revision is given, because `.git` is not in the build context.
ARG REVISION=unknown
# Compiled dependencies stay in the builder's cache between builds. Cargo goes by modification times, and
# an older checkout must not pass for what was built last: hence `touch`.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target,sharing=locked \
    touch src/lib.rs src/main.rs \
    && PALISADE_BUILD_REVISION="$REVISION" cargo build --release --locked --features kubernetes,otel --bin palisade \
    && install -D --mode=0755 target/release/palisade /image/palisade \
    && install --directory --mode=0750 /image/data

FROM gcr.io/distroless/cc-debian12:nonroot
ARG REVISION=unknown
LABEL org.opencontainers.image.title="palisade" \
      org.opencontainers.image.description="Keeps an AWS Organization the way git says it should be" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian12:nonroot"
# On the search path, so that `kubectl exec deploy/palisade -- palisade approve HASH` finds it.
COPY --from=build /image/palisade /usr/local/bin/palisade
# Held plans and approvals: all that the daemon writes. A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /image/data /var/lib/palisade
COPY .license/Apache-2.0.txt /usr/share/doc/palisade/LICENSE
COPY .license/reference.txt /usr/share/doc/palisade/reference.txt
VOLUME /var/lib/palisade
# As a number, so that Kubernetes can see that it is not root.
USER 65532:65532
# A container's loopback reaches nobody. The endpoints are read-only, but they do tell what is guarded:
# publish the port where it is meant to be seen, and nowhere else.
ENV PALISADE_LISTEN=0.0.0.0:9464 \
    PALISADE_LOG_FORMAT=json
EXPOSE 9464
ENTRYPOINT ["/usr/local/bin/palisade"]
CMD ["run", "/desired-state"]

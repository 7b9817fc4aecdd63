# sftoken alone in an empty image: no shell, no libc, no CA bundle (the roots are built in).
#
#     docker build --tag sftoken .
#     docker run --rm sftoken --help
#
# doc/recipes.md shows how to mount token files.

FROM rust:1-alpine AS build
RUN apk add --no-cache make musl-dev
WORKDIR /src
COPY . .
# What `--version` names, since no .git is in here: --build-arg SFTOKEN_COMMIT="$(git log -1 --format='%h %cs')".
ARG SFTOKEN_COMMIT=
RUN make static

FROM scratch
LABEL org.opencontainers.image.title="sftoken" \
      org.opencontainers.image.description="Refresh a Salesforce OAuth2 token file in place, without ever losing a token" \
      org.opencontainers.image.licenses="MIT"
COPY LICENSE doc/notices.txt /licenses/
COPY --from=build /src/target/static/sftoken /sftoken
# A number, so that orchestrators can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/sftoken"]

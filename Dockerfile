# The image of Sluice: Node, the libraries that Node needs, the packages, the program; no shell.
# `npm run image` makes the same one without a container engine.
FROM node:24-bookworm-slim AS build
WORKDIR /sluice
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY . .
RUN node scripts/image-rootfs.ts /rootfs

FROM scratch
COPY --from=build /rootfs/runtime/ /
COPY --from=build --chown=10001:10001 /rootfs/data/data /data
COPY --from=build /rootfs/dependencies/ /
COPY --from=build /rootfs/program/ /
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="A message queue for every public RocketMQ client: durable, small, one command to start" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/local/bin
ENV NODE_ENV=production
EXPOSE 8081 8091 9090
WORKDIR /
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=8", "--heap-growing-percent=60", "/app/cli/main.ts"]

# The tunnel server from the single-file bundle: run "npm run build" first, then
#   docker build -f docker/tunnel-server.Dockerfile -t sovereign-tunnel-server .
# Nothing is run while building, so any base with Node 24 in its PATH will do, such as gcr.io/distroless/nodejs24.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}

COPY dist/sovereign-tunnel-server.mjs /app/sovereign.mjs
COPY docker/tunnel-server.yaml /etc/sovereign/tunnel-server.yaml

# Certificates come as files in /certs, or as CERT_PEM, KEY_PEM, CA_PEM and CRL_PEM; who may come in as FLUIDITY_ALLOW.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1

USER 10001:10001
WORKDIR /tmp
EXPOSE 8443
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.FLUIDITY_HEALTH_PORT || 8080}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# V8 counts the bytes under way as its own: below 128 MB it leaves the heap alone, a third less processor time in bulk.
ENTRYPOINT ["node", "--initial-old-space-size=128", "/app/sovereign.mjs"]
CMD ["tunnel-server", "--config", "/etc/sovereign/tunnel-server.yaml"]

# The bridge without a window, from the single-file bundle: run "npm run build" first, then
#   docker build -f docker/agent.Dockerfile -t sovereign-agent .
# Nothing is run while building, so any base with Node 24 in its PATH will do, such as gcr.io/distroless/nodejs24.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}

COPY dist/sovereign.mjs /app/sovereign.mjs

# The settings folder is the home folder too: "~/ca.pem" and ~/.ssh/config are in it. Its bridge.json lets whoever reads
# it in, and is gone with the container. With an INVOCATION_ID, no link to the dashboard is written into the log.
# The port is that of "listen" in the settings, for the health check.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    HOME=/settings \
    SOVEREIGN_RUNTIME_DIR=/tmp/sovereign-bridge \
    INVOCATION_ID=container \
    AGENT_PORT=8080

USER 10001:10001
WORKDIR /settings
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.AGENT_PORT}/agent/health`).then((r) => r.json()).then((h) => process.exit(h.status === 'ok' ? 0 : 1), () => process.exit(1))"]

ENTRYPOINT ["node", "/app/sovereign.mjs"]
CMD ["bridge", "--config", "/settings/settings.json"]

// Preloaded into copilot-api, which has its hosts written into its source: sends what is meant for them to the
// stand-ins, and lets nothing else out. One URL parse per request is all that it adds.
const targets = new Map([
  ['api.githubcopilot.com', process.env.BENCH_COPILOT_URL],
  ['api.github.com', process.env.BENCH_GITHUB_URL],
  ['github.com', process.env.BENCH_GITHUB_URL],
])
const original = globalThis.fetch
globalThis.fetch = (input, init) => {
  const url = new URL(typeof input === 'string' ? input : input.url)
  const target = targets.get(url.host)
  if (target === undefined) return Promise.resolve(new Response('', { status: 404 }))
  return original(target + url.pathname + url.search, init)
}

import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Access, Exchange } from '../../../src/relay/server/route.ts'
import { openUsage, type Usage } from '../../../src/relay/usage/usage-store.ts'
import { detailsSchema, summarySchema } from '../../../src/shared/protocol/usage.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { parseMetrics } from '../../support/parse-metrics.ts'
import { serveRoutes } from '../../support/serve-routes.ts'
import { makeDir, SILENT, send, startUsage, until } from '../../support/start-usage.ts'

async function serve(access: Access): Promise<{ usage: Usage; url: string }> {
  const usage = startUsage(await makeDir())
  const server = await serveRoutes(usage.routes(), access)
  onTestFinished(() => server.close())
  return { usage, url: server.url }
}

describe('/stats', () => {
  it('keeps the flat fields of the first relays and tells clients sums only', async () => {
    const { usage, url } = await serve('client')
    send(usage, { facts: { client: 'somebody-else' } })
    const body: unknown = await (await fetch(`${url}/stats`)).json()
    expect(body).toMatchObject({ requests: 1, premium_requests_used: 6, authenticated: true, uptime: 0 })
    expect(summarySchema.strict().safeParse(body).error).toBeUndefined()
    expect(JSON.stringify(body)).not.toContain('somebody-else')
  })

  it('tells admins models, clients, days and quota, also of another month', async () => {
    const { usage, url } = await serve('admin')
    send(usage)
    const body: unknown = await (await fetch(`${url}/stats`)).json()
    expect(detailsSchema.strict().safeParse(body).error).toBeUndefined()
    expect(body).toMatchObject({
      models: [{ model: 'claude-sonnet-4.5', multiplier: { value: 6 } }],
      days: [{ day: '2026-11-21' }],
    })
    expect(await (await fetch(`${url}/stats?month=2026-10`)).json()).toMatchObject({
      month: '2026-10',
      requests: 0,
    })
    const wrong = await fetch(`${url}/stats?month=soon`)
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { error: { code: 'usage.month-invalid' } },
    ])
  })
})

describe('/metrics', () => {
  it('is well-formed and bounded whatever clients call their models', async () => {
    const { usage, url } = await serve('admin')
    usage.onQuota({
      quota_snapshots: {
        premium_interactions: { entitlement: 300, remaining: -3 },
        chat: { unlimited: true },
      },
    })
    send(usage, { facts: { model: 'evil"} 1\nfake_metric 7\\', client: 'a"b\\c' } })
    for (let index = 0; index < 1000; index += 1) send(usage, { facts: { model: `m${index}` } })
    send(usage, { facts: { endpoint: '/models' } })
    const response = await fetch(`${url}/metrics`)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const samples = parseMetrics(await response.text())
    const sum = (name: string): number =>
      samples.filter((sample) => sample.name === name).reduce((total, { value }) => total + value, 0)
    expect(sum('sovereign_relay_requests_total')).toBe(1001)
    expect(sum('sovereign_relay_client_requests_total')).toBe(1001)
    expect(sum('sovereign_relay_other_requests_total')).toBe(1)
    expect(sum('sovereign_relay_request_duration_seconds_count')).toBe(1001)
    expect(samples.filter(({ name }) => name === 'sovereign_relay_quota_remaining_ratio')).toEqual([
      {
        name: 'sovereign_relay_quota_remaining_ratio',
        labels: { quota: 'premium_interactions' },
        value: -0.01,
      },
    ])
    expect(new Set(samples.map(({ labels }) => labels.model)).size).toBeLessThanOrEqual(203)
    expect(samples.some(({ labels }) => labels.client === 'a"b\\c')).toBe(true)
    expect(samples.some(({ name }) => name === 'fake_metric')).toBe(false)
  })
})

describe('/stats/stream', () => {
  it('sends a snapshot at once and then one update for many changes', async () => {
    const { usage, url } = await serve('admin')
    const snapshots: unknown[] = []
    const controller = new AbortController()
    const response = await fetch(`${url}/stats/stream`, { signal: controller.signal })
    const reading = (async () => {
      let text = ''
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString()
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
          if (data !== undefined) snapshots.push(JSON.parse(data))
          text = text.slice(end + 2)
        }
      }
    })().catch(() => undefined)
    await until(() => snapshots.length === 1)
    for (let index = 0; index < 100; index += 1) send(usage)
    await until(() => snapshots.length === 2)
    controller.abort()
    await reading
    expect(snapshots.map((snapshot) => detailsSchema.parse(snapshot).requests)).toEqual([0, 100])
  })

  it('keeps one update waiting for a reader that does not read, who then gets the newest', async () => {
    let rendered = 0
    const authenticated = (): boolean => {
      rendered += 1
      return true
    }
    const usage = openUsage({ dir: await makeDir(), ambient: fakeAmbient(), log: SILENT, authenticated })
    onTestFinished(() => usage.close())
    // Many rows make an update of a few hundred KB, so the socket is soon full.
    for (let index = 0; index < 200; index += 1) send(usage, { facts: { model: `m${index}` } })
    let serverSide: ServerResponse | undefined
    const routes = usage.routes().map((route) => ({
      ...route,
      handle: (exchange: Exchange) => {
        serverSide = exchange.response
        return route.handle(exchange)
      },
    }))
    const server = await serveRoutes(routes, 'admin')
    onTestFinished(() => server.close())
    const reader = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = request(`${server.url}/stats/stream`, resolve)
      call.on('error', reject)
      call.end()
    })
    await until(() => {
      send(usage)
      return serverSide?.writableNeedDrain === true
    })
    const full = serverSide?.writableLength
    const renderedWhenFull = rendered
    await until(() => {
      send(usage)
      return rendered >= renderedWhenFull + 3
    })
    expect(serverSide?.writableLength).toBe(full)
    const newest = usage.summary().requests
    let text = ''
    reader.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    await until(() => text.includes(`"requests":${newest},`))
    usage.close()
    await new Promise<void>((resolve) => reader.once('end', resolve))
  })
})

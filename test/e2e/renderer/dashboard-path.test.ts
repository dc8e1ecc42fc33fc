import { expect, test } from 'vitest'
import { makeClientState } from '../../support/make-bridge-state.ts'
import { makeBusyState } from '../../support/make-dashboard.ts'
import { busyApi, now, soon } from './dashboard-states.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

test('the path shows each hop with its state, and nothing complains about the strict content policy', async () => {
  const { page, complaints } = await pages.open(busyApi())
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  const path = page.getByRole('region', { name: 'The path' })
  for (const name of [
    'builder',
    'gpu-box',
    'old-laptop',
    'pi:8080',
    'GitHub Copilot',
    'OpenRouter',
    'Ollama',
  ])
    expect(await path.getByRole('heading', { name, exact: true }).count(), name).toBe(1)
  await expect.poll(() => path.getByText('SSH 12 ms · path 31 ms').count()).toBe(1)
  // Three clients, the relay, two providers and Ollama, all measured and drawn.
  await soon(() => path.locator('.path-line').count()).toBe(7)
  expect(complaints).toEqual([])
})

test('throughput comes from the difference of two counts', async () => {
  const api = busyApi()
  const { page } = await pages.open(api)
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  const [builder, ...others] = makeBusyState(now()).clients
  if (builder === undefined) throw new Error('The busy state has clients.')
  let moved = 0
  const isShown = async (): Promise<boolean> => {
    moved += 500_000
    const traffic = { ...builder.traffic, bytesToClient: builder.traffic.bytesToClient + moved }
    api.publish({ clients: [{ ...builder, traffic }, ...others] })
    return (await page.getByText(/↓ [\d.]+ [KM]iB\/s/).count()) === 1
  }
  await soon(isShown).toBe(true)
  await expect.poll(() => page.locator('.path-flow').count()).toBeGreaterThan(0)
})

test('a relay that is built in is not called Relay twice', async () => {
  const { relay } = makeBusyState(now())
  const { page } = await pages.open(busyApi({ relay: { ...relay, kind: 'embedded', place: 'embedded' } }))
  const path = page.getByRole('region', { name: 'The path' })
  await path.getByRole('heading', { name: 'Built in', exact: true }).waitFor()
  await expect.poll(() => path.getByText('On this computer', { exact: true }).count()).toBe(1)
  await expect.poll(() => path.getByText('Relay', { exact: true }).count()).toBe(1)
})

test('a relay at an address is not said to be reached over HTTPS when it is not', async () => {
  const { relay } = makeBusyState(now())
  const api = busyApi({ relay: { ...relay, kind: 'url', place: 'http://10.0.0.5:8080' } })
  const { page } = await pages.open(api)
  await page.getByText('Over HTTP, not encrypted').waitFor()
  api.publish({ relay: { ...relay, kind: 'url', place: 'https://relay.example.org' } })
  await page.getByText('Over HTTPS').waitFor()
})

test('hundreds of clients leave the diagram readable until one asks for all', async () => {
  const clients = Array.from({ length: 300 }, (_, index) => makeClientState({ name: `client-${index}` }))
  const { page } = await pages.open(busyApi({ clients }))
  const list = page.getByRole('list', { name: 'Clients' })
  await list.waitFor()
  await expect.poll(() => list.getByRole('heading').count()).toBe(4)
  await page.getByRole('button', { name: 'Show 296 more' }).click()
  await soon(() => list.getByRole('heading').count()).toBe(300)
})

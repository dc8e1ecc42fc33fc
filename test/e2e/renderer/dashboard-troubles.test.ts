import { expect, test } from 'vitest'
import { makeBusyState, makeDashboardApi } from '../../support/make-dashboard.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { busyApi, disconnectedState, now, soon, troubledState } from './dashboard-states.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

test('what is wrong is told once at its root, with what to do and what it takes with it', async () => {
  const { page } = await pages.open(makeDashboardApi(troubledState(), now()))
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  await wrong.getByText('The relay cannot be reached').waitFor()
  await expect
    .poll(() => wrong.getByText('Because of this: builder and gpu-box cannot work either.').count())
    .toBe(1)
  await expect.poll(() => wrong.getByText('builder does not work').count()).toBe(0)
  await expect.poll(() => wrong.getByText('ci-runner does not work').count()).toBe(1)
  await expect.poll(() => wrong.getByText('Check the user name, and that the public key').count()).toBe(1)
  await expect.poll(() => wrong.getByText(/Next try in \d+ s/).count()).toBe(1)
})

test('what is wrong stays where it is while the relay is dialled again', async () => {
  const state = troubledState()
  const { link } = state.relay
  if (link.phase !== 'reconnecting') throw new Error('The relay is away.')
  const api = makeDashboardApi(state, now())
  const { page } = await pages.open(api)
  const notice = page.locator('.notice', { hasText: 'The relay cannot be reached' })
  await notice.getByText(/Next try in/).waitFor()
  const outage = { since: link.since, cause: link.cause }
  api.publish({
    relay: {
      ...state.relay,
      link: { phase: 'connecting', step: 'connecting', attempt: 7, since: now(), outage },
    },
  })
  await notice.getByText('Trying again…').waitFor()
  await expect.poll(() => notice.getByText(link.cause.message).count()).toBe(1)
  await expect
    .poll(() => notice.getByRole('button', { name: 'Retry now' }).getAttribute('aria-busy'))
    .toBe('true')
  await expect.poll(() => page.locator('.status').getByRole('button', { name: 'Retry now' }).count()).toBe(1)
})

test('each trouble has the way out of it', async () => {
  const api = makeDashboardApi(troubledState(), now())
  const { page } = await pages.open(api)
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  const notice = (title: string) => wrong.locator('.notice', { hasText: title })
  await notice('The relay cannot be reached').getByRole('button', { name: 'Retry now' }).click()
  await notice('ci-runner does not work').getByRole('button', { name: 'Retry now' }).click()
  await notice('Ollama does not answer').getByRole('button', { name: 'Check again' }).click()
  const asked = (): unknown => api.calls.filter(([name]) => name === 'retryNow' || name === 'probeOllama')
  await soon(asked).toEqual([
    ['retryNow', { target: 'relay' }],
    ['retryNow', { target: 'ci-runner' }],
    ['probeOllama', {}],
  ])
})

test('the one control connects, disconnects, and says when that fails', async () => {
  const api = makeDashboardApi(disconnectedState(), now())
  api.answer('connect', () => api.publish(makeBusyState(now())))
  api.answer('disconnect', () => {
    throw new Error('a bug of the bridge')
  })
  const { page } = await pages.open(api)
  await page.getByRole('heading', { name: 'Disconnected', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('alert').getByText('That did not work').waitFor()
  await expect.poll(() => page.getByRole('alert').getByText('Something unexpected happened.').count()).toBe(1)
})

test('a relay that is signed in nowhere offers the way to sign in', async () => {
  const busy = makeBusyState(now())
  const upstreams = [{ name: 'copilot', signedIn: false }]
  const health = { kind: 'ok', at: now(), version: '0.1.0', roundTripMs: 3, upstreams } as const
  const { page } = await pages.open(busyApi({ relay: { ...busy.relay, health } }))
  await page.getByRole('heading', { name: 'The relay is not signed in' }).waitFor()
  const link = page.getByRole('region', { name: 'What is wrong now' }).getByRole('link', { name: 'Sign in' })
  await expect.poll(() => link.getAttribute('href')).toBe('#/sign-in')
})

test('a bridge that goes away is told, what was known stays and says so, and it is found again', async () => {
  const api = busyApi()
  const { page, server } = await pages.open(api)
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor()
  server.accept(false)
  server.cut()
  await page.getByRole('alert').getByText('The bridge does not answer').waitFor()
  await page.getByRole('alert').getByText('open the link that it prints').waitFor()
  await expect.poll(() => page.getByRole('heading', { name: 'builder', exact: true }).count()).toBe(1)
  await page.getByRole('heading', { name: 'Last known: connected', exact: true }).waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Disconnect' }).isDisabled()).toBe(true)
  await expect.poll(() => page.getByText('Out of date').count()).toBeGreaterThan(0)
  expect(await seriousFindings(page)).toEqual([])
  server.accept(true)
  await page.getByRole('alert').waitFor({ state: 'detached' })
  api.publish({ wanted: 'disconnected' })
  await page.getByRole('heading', { name: 'Disconnected', exact: true }).waitFor()
})

import { expect, test } from 'vitest'
import { type Updater, Updates } from '../../../../src/main/desktop/updates.ts'
import type { UpdateState } from '../../../../src/shared/state/desktop.ts'
import { NOON } from '../../../support/make-bridge-state.ts'

interface Setting {
  readonly updater?: Partial<Updater>
  readonly unsupported?: string
  readonly busy?: string
}

function startUpdates({ updater = {}, unsupported, busy }: Setting = {}) {
  const states: UpdateState[] = []
  const done: string[] = []
  const updates = new Updates({
    unsupported,
    loadUpdater: async () => {
      done.push('load')
      return {
        check: async () => '0.2.0',
        download: async () => undefined,
        restart: () => void done.push('restart'),
        ...updater,
      }
    },
    now: () => NOON,
    onChange: (state) => void states.push(state),
    underWay: () => busy,
    drain: async () => void done.push('drain'),
  })
  return { updates, states, done }
}

test('an update goes step by step, and no step is taken unasked', async () => {
  const { updates, states, done } = startUpdates()
  expect([updates.state, done]).toEqual([{ kind: 'none', checkedAt: undefined }, []])
  await updates.check()
  expect(states).toEqual([{ kind: 'available', version: '0.2.0' }])
  await updates.install()
  expect(states.slice(1)).toEqual([
    { kind: 'downloading', version: '0.2.0', share: 0 },
    { kind: 'ready', version: '0.2.0' },
  ])
  expect(done).toEqual(['load'])
  await updates.install()
  expect(done).toEqual(['load', 'drain', 'restart'])
})

test('no newer version is an answer, with its time', async () => {
  const { updates } = startUpdates({ updater: { check: async () => undefined } })
  await updates.check()
  expect(updates.state).toEqual({ kind: 'none', checkedAt: NOON })
  await expect(updates.install()).rejects.toMatchObject({ code: 'desktop.no-updates' })
})

test('an update that would cut somebody off waits', async () => {
  const { updates, done } = startUpdates({ busy: 'Requests of vm are being answered.' })
  await updates.check()
  await updates.install()
  await expect(updates.install()).rejects.toMatchObject({
    code: 'desktop.in-use',
    message: 'Requests of vm are being answered. The update waits.',
  })
  expect([updates.state.kind, done]).toEqual(['ready', ['load']])
})

test('the share of a download is told a hundred times at most', async () => {
  const { updates, states } = startUpdates({
    updater: {
      download: async (onShare) => {
        for (let piece = 1; piece <= 10_000; piece += 1) onShare(piece / 10_000)
      },
    },
  })
  await updates.check()
  await updates.install()
  const downloading = states.filter(({ kind }) => kind === 'downloading')
  expect(downloading.length).toBeGreaterThan(50)
  expect(downloading.length).toBeLessThanOrEqual(101)
})

test('a failure is told in one line, is not tried again by itself, and can be asked for again', async () => {
  let isBroken = true
  const { updates } = startUpdates({
    updater: {
      check: async () => {
        if (isBroken) throw new Error('net::ERR_NAME_NOT_RESOLVED\n    at somewhere')
        return '0.2.0'
      },
    },
  })
  await updates.check()
  expect(updates.state).toEqual({ kind: 'failed', reason: 'net::ERR_NAME_NOT_RESOLVED', at: NOON })
  isBroken = false
  await updates.check()
  expect(updates.state).toEqual({ kind: 'available', version: '0.2.0' })
})

test('an installation that does not update itself says why', async () => {
  const { updates, done } = startUpdates({ unsupported: 'The package manager brings updates.' })
  await expect(updates.check()).rejects.toMatchObject({ code: 'desktop.no-updates' })
  expect([updates.state, done]).toEqual([
    { kind: 'unsupported', reason: 'The package manager brings updates.' },
    [],
  ])
})

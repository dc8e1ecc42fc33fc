import { expect, test } from 'vitest'
import { ReconnectPauses } from '../../../../src/main/ssh/reconnect-pauses.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import { RECONNECT_BACKOFF } from '../../../../src/shared/util/backoff.ts'

const LOST = new AppError('ssh.connection-lost', 'pi closed the connection.')
const REFUSED = new AppError('ssh.connection-refused', 'pi refused the connection.')
const TURNED_AWAY = new AppError('ssh.turned-away', 'pi hung up.')

/** Attempts that fail at once, for as long as the host is away; `random` 0 is the longest pause. */
function pausesWhileAway(awayMs: number, cause: AppError, random = 0): number[] {
  const pauses = new ReconnectPauses(RECONNECT_BACKOFF)
  const made = [pauses.nextMs(LOST, { nowMs: 0, random })]
  for (let nowMs = made[0] ?? 0; nowMs < awayMs; nowMs += made.at(-1) ?? 0)
    made.push(pauses.nextMs(cause, { nowMs, random }))
  return made
}

test('a host that takes no connection is asked often in the first seconds', () => {
  const made = pausesWhileAway(5_000, REFUSED)
  expect(Math.max(...made)).toBeLessThanOrEqual(250)
  expect(made[0]).toBe(200)
})

test('the pauses of a host that takes no connection reach one second after twenty, and the cap at last', () => {
  expect(pausesWhileAway(20_000, REFUSED).at(-1)).toBeCloseTo(1_000, -2)
  expect(pausesWhileAway(3_600_000, REFUSED).at(-1)).toBe(30_000)
})

test('a host that is away for a day is asked no more often than every 15 s', () => {
  const made = pausesWhileAway(86_400_000, REFUSED, 0.999)
  expect(made.at(-1)).toBeGreaterThanOrEqual(15_000)
  expect(made.length).toBeLessThan(86_400 / 15 + 500)
})

test('an sshd that takes the connection and then refuses is asked with pauses that grow each time', () => {
  expect(pausesWhileAway(3_000, TURNED_AWAY)).toEqual([200, 320, 512, 819, 1311])
})

test('attempts that sshd did not see do not lengthen the pauses of those that it sees', () => {
  const pauses = new ReconnectPauses(RECONNECT_BACKOFF)
  for (let nowMs = 0; nowMs < 60_000; nowMs += 500) pauses.nextMs(REFUSED, { nowMs, random: 0 })
  expect(pauses.nextMs(TURNED_AWAY, { nowMs: 60_000, random: 0 })).toBe(200)
})

test('a wake lets the host be asked often again, and sshd keep what it has counted', () => {
  const pauses = new ReconnectPauses(RECONNECT_BACKOFF)
  pauses.nextMs(TURNED_AWAY, { nowMs: 0, random: 0 })
  expect(pauses.nextMs(REFUSED, { nowMs: 600_000, random: 0 })).toBe(30_000)
  pauses.expectBack()
  expect(pauses.nextMs(REFUSED, { nowMs: 600_100, random: 0 })).toBe(200)
  expect(pauses.nextMs(TURNED_AWAY, { nowMs: 600_200, random: 0 })).toBe(320)
})

test('after a connection that lived everything starts anew', () => {
  const pauses = new ReconnectPauses(RECONNECT_BACKOFF)
  for (let attempt = 0; attempt < 5; attempt += 1) pauses.nextMs(TURNED_AWAY, { nowMs: 0, random: 0 })
  pauses.startAnew()
  expect(pauses.nextMs(TURNED_AWAY, { nowMs: 0, random: 0 })).toBe(200)
})

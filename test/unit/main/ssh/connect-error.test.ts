import { lookup } from 'node:dns/promises'
import { expect, test } from 'vitest'
import { toConnectError } from '../../../../src/main/ssh/connect-error.ts'

test('a name that is too long for a host has no address, and trying again does not mend it', async () => {
  const name = 'x'.repeat(500)
  const error = await lookup(name).catch((cause: unknown) => cause)
  const { code, message } = toConnectError(error, name, 'connecting')
  expect(code).toBe('ssh.name-not-resolved')
  expect(message).toMatch(/^The name of x+ has no address \(E\w+\)\.$/)
})

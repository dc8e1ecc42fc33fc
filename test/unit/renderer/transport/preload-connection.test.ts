import { expect, test } from 'vitest'
import { preloadConnection } from '../../../../src/renderer/transport/preload-connection.ts'
import type { PreloadAnswer, PreloadApi } from '../../../../src/shared/bridge-api/preload-api.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'

function preload(answer: PreloadAnswer, on: PreloadApi['on'] = () => () => {}): PreloadApi {
  return { connect: async () => answer, startJob: async () => answer, on } as unknown as PreloadApi
}

test('a result is what the call promises, without what does not belong to it', async () => {
  const api = preloadConnection(preload({ ok: true, result: { id: 'job-1', more: 1 } }))
  expect(await api.startJob({ order: { kind: 'set-up-client', name: 'a' } })).toEqual({ id: 'job-1' })
})

test('a failure that came as a value is thrown as an error with all its fields', async () => {
  const error = new AppError('ssh.unreachable', 'pi does not answer.', {
    cause: new AppError('ssh.silent', 'Nothing came.'),
  })
  const api = preloadConnection(preload({ ok: false, error: toFailure(error) }))
  await expect(api.connect({})).rejects.toEqual(error)
})

test('a result of another form is told as such', async () => {
  const api = preloadConnection(preload({ ok: true, result: { id: 7 } }))
  await expect(api.startJob({ order: { kind: 'set-up-client', name: 'a' } })).rejects.toMatchObject({
    code: 'api.malformed',
  })
})

test('closing takes every listener away', () => {
  let listening = 0
  const api = preloadConnection(
    preload({ ok: true }, () => {
      listening += 1
      return () => {
        listening -= 1
      }
    }),
  )
  api.on('state', () => {})
  const off = api.on('state', () => {})
  off()
  expect(listening).toBe(1)
  api.close()
  expect(listening).toBe(0)
})

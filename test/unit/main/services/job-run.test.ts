import { expect, test } from 'vitest'
import type { JobPlan, PlannedStep } from '../../../../src/main/services/jobs/job-plan.ts'
import { JobRun } from '../../../../src/main/services/jobs/job-run.ts'
import { REAL_AMBIENT } from '../../../../src/node/ambient.ts'
import { createLogger } from '../../../../src/node/log.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import type { Job } from '../../../../src/shared/state/job.ts'
import { stepLines } from '../../../support/run-job.ts'

interface Started {
  readonly run: JobRun
  readonly seen: Job[]
  readonly events: string[]
}

function start(makeSteps: (events: string[]) => Omit<PlannedStep, 'title'>[]): Started {
  const events: string[] = []
  const seen: Job[] = []
  const plan: JobPlan = {
    kind: 'test-relay',
    subject: 'pi',
    steps: makeSteps(events).map((step) => ({ title: `Do ${step.id}`, ...step })),
    close: async () => void events.push('closed'),
  }
  const run: JobRun = new JobRun({
    plan,
    ambient: REAL_AMBIENT,
    log: createLogger('job', 'silent'),
    onChange: () => void seen.push(run.job),
  })
  return { run, seen, events }
}

const works = (id: string, events: string[]): Omit<PlannedStep, 'title'> => ({
  id,
  run: async ({ onUndo }) => {
    events.push(`did ${id}`)
    onUndo(async () => void events.push(`undid ${id}`))
    return `${id} is fine`
  },
})

test('steps are done one after the other, and all of them are known from the start', async () => {
  const { run, events } = start((log) => [works('a', log), works('b', log)])
  expect(run.job.steps.map(({ id }) => id)).toEqual(['a', 'b'])
  await run.ended
  expect(events).toEqual(['did a', 'did b', 'closed'])
  expect(run.job.progress.phase).toBe('done')
  expect(stepLines(run.job)).toEqual(['a done: a is fine', 'b done: b is fine'])
})

test('after a failure everything is undone in reverse, the failed step included, and what was not reached waits', async () => {
  const { run, events } = start((log) => [
    works('a', log),
    works('b', log),
    {
      id: 'c',
      run: async ({ onUndo }) => {
        onUndo(async () => void log.push('undid c'))
        throw new AppError('job.unexpected-answer', 'The host said no.')
      },
    },
    works('d', log),
  ])
  await run.ended
  expect(events).toEqual(['did a', 'did b', 'undid c', 'undid b', 'undid a', 'closed'])
  expect(stepLines(run.job)).toEqual([
    'a undone',
    'b undone',
    'c failed: job.unexpected-answer The host said no.',
    'd waiting',
  ])
  expect(run.job.progress).toMatchObject({ phase: 'failed', cause: { remedy: expect.any(String) as string } })
})

test('what could not be undone is said, and the rest is undone all the same', async () => {
  const { run, events } = start((log) => [
    works('a', log),
    {
      id: 'b',
      run: async ({ onUndo }) => {
        onUndo(() => Promise.reject(new AppError('ssh.connection-lost', 'pi is gone.')))
        throw new AppError('job.unexpected-answer', 'It failed.')
      },
    },
  ])
  await run.ended
  expect(events).toEqual(['did a', 'undid a', 'closed'])
  expect(run.job.progress).toMatchObject({
    cause: { message: 'It failed. "Do b" could not be undone: pi is gone.' },
  })
})

test('a cancelled job stops where it is, is undone, and says that it was cancelled', async () => {
  const { run, events, seen } = start((log) => [
    works('a', log),
    {
      id: 'b',
      run: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('some socket closed')))
        }),
    },
    works('c', log),
  ])
  await expect.poll(() => run.job.steps[1]?.progress.phase).toBe('running')
  run.cancel()
  await run.ended
  expect(events).toEqual(['did a', 'undid a', 'closed'])
  expect(run.job.progress.phase).toBe('cancelled')
  expect(seen.map(({ progress }) => progress.phase)).toContain('undoing')
})

test('what a step tells is one line without colours, control characters and credentials', async () => {
  const { run, seen } = start(() => [
    {
      id: 'a',
      run: async ({ tell, progress }) => {
        progress(0.5)
        tell('\u001b[32mwrote\u001b[0m\tgho_0123456789abcdefghij to\u0007 a file\n')
        return 'x'.repeat(600)
      },
    },
  ])
  await run.ended
  const told = seen.map(({ steps }) => steps[0]?.progress)
  expect(told).toContainEqual(expect.objectContaining({ share: 0.5, detail: 'wrote [redacted] to a file' }))
  expect(stepLines(run.job)[0]).toHaveLength('a done: '.length + 501)
})

test('a bug in a step fails the job without its details', async () => {
  const { run } = start(() => [{ id: 'a', run: () => Promise.reject(new TypeError('secret is undefined')) }])
  await run.ended
  expect(run.job.progress).toMatchObject({ phase: 'failed', cause: { code: 'internal.bug' } })
  expect(JSON.stringify(run.job)).not.toContain('secret')
})

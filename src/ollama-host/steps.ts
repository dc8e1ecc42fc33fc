import { toAppError } from '../shared/errors/app-error.ts'

/** One thing that an installation does, and how it is taken back. */
export interface HostStep {
  readonly title: string
  /** @returns what there is to say of it. */
  run(): Promise<string | undefined>
  /** Called after `run` has begun, whether or not it came to its end. */
  undo?(): Promise<void>
}

export type Say = (line: string) => void

/** Does one after the other; where one fails, what was done before is taken back, newest first. */
export async function runSteps(steps: readonly HostStep[], say: Say): Promise<void> {
  const begun: HostStep[] = []
  try {
    for (const step of steps) {
      begun.push(step)
      const said = await step.run()
      say(`  ok      ${step.title}${said === undefined ? '' : `: ${said}`}`)
    }
  } catch (error) {
    say(`  FAILED  ${begun.at(-1)?.title ?? ''}`)
    for (const step of begun.reverse()) await takeBack(step, say)
    throw error
  }
}

async function takeBack({ title, undo }: HostStep, say: Say): Promise<void> {
  if (undo === undefined) return
  try {
    await undo()
    say(`  undone  ${title}`)
  } catch (error) {
    // The others still have to be taken back, and the first failure is the one to tell.
    say(`  NOT UNDONE  ${title}: ${toAppError(error).message}`)
  }
}

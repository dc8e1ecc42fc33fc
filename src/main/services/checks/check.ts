import type { Logger } from '../../../node/log.ts'
import { type Failure, toFailure } from '../../../shared/errors/app-error.ts'
import type { Check } from '../../../shared/protocol/diagnostics.ts'

/** One thing to look at, before it was looked at. */
export interface Look {
  readonly id: string
  readonly title: string
  run(signal: AbortSignal): Promise<Finding>
}

export type Finding = Pick<Check, 'status' | 'detail' | 'fix'>

export const ok = (detail: string): Finding => ({ status: 'ok', detail })
export const skipped = (detail: string): Finding => ({ status: 'skipped', detail })
export const warning = (detail: string, fix: string): Finding => ({ status: 'warning', detail, fix })
export const failed = (detail: string, fix: string): Finding => ({ status: 'failed', detail, fix })

export function failedFor({ message, remedy }: Failure): Finding {
  return failed(message, remedy)
}

/** Looks at one thing; whatever goes wrong meanwhile is what was found. */
export async function lookAt(
  { id, title, run }: Look,
  withinMs: number,
  log: Logger | undefined,
): Promise<Check> {
  const signal = AbortSignal.timeout(withinMs)
  const late = new Promise<Finding>((resolve) => {
    signal.addEventListener('abort', () =>
      resolve(failed(`It could not be found out within ${withinMs / 1000} s.`, 'Try again.')),
    )
  })
  const found = run(signal).catch((error: unknown) => {
    const failure = toFailure(error)
    if (failure.code === 'internal.bug') log?.error({ err: error, id }, 'A check failed')
    return failedFor(failure)
  })
  return { id, title, ...(await Promise.race([found, late])) }
}

/** `3.2 GiB`, `512 MiB`. */
export function sizeText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1024 ? `${Math.floor(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}

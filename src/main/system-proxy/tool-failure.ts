import { ToolError } from '../../node/run-tool.ts'
import { AppError } from '../../shared/errors/app-error.ts'

/** What a person is told of a tool that is missing or fails. */
export function toolFailure(error: unknown): unknown {
  if (!(error instanceof ToolError)) return error
  const code = error.isMissing ? 'system-proxy.unsupported' : 'system-proxy.failed'
  return new AppError(code, `${error.message}.`, { cause: error })
}

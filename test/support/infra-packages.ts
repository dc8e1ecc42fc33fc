import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A package of its own, which scripts/system-parts.ts installs. */
export const INFRA = fileURLToPath(new URL('../../src/functions/infra', import.meta.url))

/** Why nothing of it can be tested here. */
export const NO_INFRA = existsSync(join(INFRA, 'node_modules/aws-cdk-lib'))
  ? undefined
  : `WHAT IS DEPLOYED TO AWS IS NOT TESTED: run "npm install" in ${INFRA} first.`

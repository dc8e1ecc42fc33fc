// For the tests: they live where the packages of this folder are not found.
import { App } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { DEFAULT_OPTIONS, type TunnelOptions } from './options.ts'
import { tunnelStack } from './stack.ts'

export { Match }

/** What would be deployed. @param functions folder that scripts/build-functions.ts filled. */
export function templateOf(functions: string, options: Partial<TunnelOptions>): Template {
  return Template.fromStack(tunnelStack(new App(), { ...DEFAULT_OPTIONS, ...options }, functions))
}

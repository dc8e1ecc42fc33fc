// What `cdk` runs, see cdk.json. docs/tunnel-aws.md says how to deploy.
import { fileURLToPath } from 'node:url'
import { App } from 'aws-cdk-lib'
import { readOptions } from './options.ts'
import { tunnelStack } from './stack.ts'

const FUNCTIONS = fileURLToPath(new URL('../../../dist/functions', import.meta.url))

const app = new App()
tunnelStack(
  app,
  readOptions((name) => app.node.tryGetContext(name)),
  FUNCTIONS,
)

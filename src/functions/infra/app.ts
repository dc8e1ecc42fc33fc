// What `cdk` runs, see cdk.json. docs/tunnel-aws.md says how to deploy.
import { fileURLToPath } from 'node:url'
import { App } from 'aws-cdk-lib'
import { readOptions } from './options.ts'
import { tunnelStack } from './stack.ts'

const FUNCTIONS = fileURLToPath(new URL('../../../dist/functions', import.meta.url))

const app = new App()
const context = (name: string): unknown => app.node.tryGetContext(name)
tunnelStack(app, readOptions(context), String(context('functions') ?? FUNCTIONS))

import { type App, CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { addAgents } from './agents.ts'
import { addAlarms } from './alarms.ts'
import { addFunctions } from './functions.ts'
import type { TunnelOptions } from './options.ts'
import { addServer } from './server.ts'

const LOOK_EVERY = Duration.minutes(5)

/** Everything that a tunnel server at AWS needs. @param functions folder that scripts/build-functions.ts filled. */
export function tunnelStack(app: App, options: TunnelOptions, functions: string): Stack {
  const stack = new Stack(app, 'SovereignTunnel', {
    stackName: options.name,
    description: 'A tunnel server that is woken when it is needed and put to sleep when it is not',
  })
  const server = addServer(stack, options)
  const deployed = addFunctions(stack, options, server, functions)
  new Rule(stack, 'SleepSchedule', {
    description: 'Looks whether the tunnel server is still needed',
    schedule: Schedule.rate(LOOK_EVERY),
    targets: [new LambdaFunction(deployed.sleep.lambda, { retryAttempts: 2 })],
  })
  addAlarms(stack, options, server, deployed)
  addAgents(stack, options, deployed)
  new CfnOutput(stack, 'WakeUrl', { value: deployed.wake.url.url })
  new CfnOutput(stack, 'QueryUrl', { value: deployed.query.url.url })
  new CfnOutput(stack, 'KillUrl', { value: deployed.kill.url.url })
  new CfnOutput(stack, 'ServerSecret', { value: server.certificate.secretName })
  return stack
}

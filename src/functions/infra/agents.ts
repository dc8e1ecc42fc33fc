import { CfnOutput, type Stack } from 'aws-cdk-lib'
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { DeployedFunctions } from './functions.ts'
import type { TunnelOptions } from './options.ts'

/**
 * For each agent a policy to attach to whatever identity it signs with, and a secret of its own for its certificate.
 * No users and no access keys: a key that a stack makes is a key that lies in the outputs of the stack.
 */
export function addAgents(stack: Stack, options: TunnelOptions, functions: DeployedFunctions): void {
  for (const agent of options.agents) {
    const id = agent.replaceAll(/[^A-Za-z0-9]/g, '')
    const certificate = new Secret(stack, `AgentCertificate${id}`, {
      secretName: `${options.name}/agent/${agent}`,
      description: `cert_pem, key_pem and ca_pem of the agent ${agent}, as JSON`,
    })
    const policy = new ManagedPolicy(stack, `AgentPolicy${id}`, {
      managedPolicyName: `${options.name}-agent-${agent}`,
      description: `Wake, query and kill the tunnel server as ${agent}`,
      statements: [
        ...callFunctions(functions),
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [certificate.secretArn],
        }),
      ],
    })
    new CfnOutput(stack, `Policy${id}`, { value: policy.managedPolicyArn })
  }
}

/** Newer accounts ask for both rights: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
function callFunctions({ wake, query, kill }: DeployedFunctions): PolicyStatement[] {
  const resources = [wake, query, kill].map(({ lambda }) => lambda.functionArn)
  return [
    new PolicyStatement({
      actions: ['lambda:InvokeFunctionUrl'],
      resources,
      conditions: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
    }),
    new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources,
      conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    }),
  ]
}

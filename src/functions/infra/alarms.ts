import { Duration, type Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { DeployedFunctions } from './functions.ts'
import type { TunnelOptions } from './options.ts'
import type { DeployedServer } from './server.ts'

interface AlarmOptions {
  readonly metric: IMetric
  readonly periods: number
  readonly isBelowOne?: boolean
  readonly missing: TreatMissingData
  readonly description: string
}

/** What costs money or leaves people without a tunnel when it breaks unseen. */
export function addAlarms(
  stack: Stack,
  options: TunnelOptions,
  server: DeployedServer,
  functions: DeployedFunctions,
): void {
  const topic = new Topic(stack, 'Alarms', { topicName: `${options.name}-alarms` })
  if (options.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(options.alarmEmail))
  const add = (id: string, { metric, periods, isBelowOne = false, missing, description }: AlarmOptions) => {
    const alarm = new Alarm(stack, id, {
      metric,
      threshold: 1,
      evaluationPeriods: periods,
      comparisonOperator: isBelowOne
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: missing,
      alarmDescription: description,
    })
    alarm.addAlarmAction(new SnsAction(topic))
  }
  const { sleep } = functions
  const period = Duration.minutes(5)
  add('SleepFails', {
    metric: sleep.lambda.metricErrors({ period, statistic: 'Sum' }),
    periods: 3,
    missing: TreatMissingData.NOT_BREACHING,
    description: 'The server is not put to sleep, because what does that fails.',
  })
  add('SleepIsNotCalled', {
    metric: sleep.lambda.metricInvocations({ period, statistic: 'Sum' }),
    periods: 3,
    isBelowOne: true,
    missing: TreatMissingData.BREACHING,
    description: 'The server is not put to sleep, because nothing looks at it.',
  })
  add('CallsFail', {
    metric: failedCalls(functions, period),
    periods: 1,
    missing: TreatMissingData.NOT_BREACHING,
    description: 'Agents cannot wake, query or kill the server.',
  })
  add('RunsTooLong', {
    // One value for each running task and minute.
    metric: new Metric({
      namespace: 'AWS/ECS',
      metricName: 'CPUUtilization',
      dimensionsMap: { ClusterName: server.clusterName, ServiceName: server.serviceName },
      statistic: 'SampleCount',
      period: Duration.hours(1),
    }),
    periods: Math.ceil(options.maxLifetimeMinutes / 60) + 1,
    missing: TreatMissingData.NOT_BREACHING,
    description: 'The server runs for longer than it may.',
  })
}

/** What the functions answer with 5xx is no error to Lambda: only the metrics of their URLs have it. */
function failedCalls({ wake, query, kill }: DeployedFunctions, period: Duration): MathExpression {
  const of = ({ lambda }: DeployedFunctions['wake']) =>
    lambda.metric('Url5xxCount', { period, statistic: 'Sum' })
  return new MathExpression({
    expression: 'FILL(w, 0) + FILL(q, 0) + FILL(k, 0)',
    usingMetrics: { w: of(wake), q: of(query), k: of(kill) },
    period,
    label: 'Failed calls',
  })
}

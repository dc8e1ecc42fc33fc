import { fileURLToPath } from 'node:url'
import { Annotations, CfnParameter, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { Peer, Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import {
  Cluster,
  ContainerImage,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  Secret as TaskSecret,
} from 'aws-cdk-lib/aws-ecs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { TUNNEL_METRICS } from '../../shared/protocol/tunnel-metrics.ts'
import { ENVIRONMENT } from '../names.ts'
import { NETWORK_PATTERN, type TunnelOptions } from './options.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const DOCKERFILE = 'docker/tunnel-server.Dockerfile'

/** The user of our image. */
const USER = '10001:10001'

/** More than the server gives open connections to finish. */
const STOP_SECONDS = 30

export interface DeployedServer {
  readonly clusterName: string
  readonly serviceName: string
  readonly certificate: Secret
}

/** The tunnel server: a Fargate service that wants no task until it is woken. */
export function addServer(stack: Stack, options: TunnelOptions): DeployedServer {
  // No NAT gateways: they cost more than the server, and it has an address of its own.
  const vpc = new Vpc(stack, 'Network', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
  })
  const clusterName = options.name
  const serviceName = `${options.name}-server`
  const cluster = new Cluster(stack, 'Cluster', { vpc, clusterName })
  const certificate = new Secret(stack, 'ServerCertificate', {
    secretName: `${options.name}/server`,
    description: 'cert_pem, key_pem, ca_pem and crl_pem of the tunnel server, as JSON',
  })
  // A service that wants nothing while it is deployed has no deployment that could fail.
  Annotations.of(stack).acknowledgeWarning('@aws-cdk/aws-ecs:shouldUseCircuitBreaker')
  new FargateService(stack, 'Service', {
    cluster,
    serviceName,
    taskDefinition: taskDefinition(stack, options, { clusterName, serviceName, certificate }),
    desiredCount: 0,
    // One task at a time, also while another image is brought in.
    minHealthyPercent: 0,
    maxHealthyPercent: 100,
    assignPublicIp: true,
    vpcSubnets: { subnetType: SubnetType.PUBLIC },
    securityGroups: [gate(stack, vpc, options.port)],
  })
  return { clusterName, serviceName, certificate }
}

/** Closed but for the networks that the parameter names, and it has no default. */
function gate(stack: Stack, vpc: Vpc, port: number): SecurityGroup {
  const networks = new CfnParameter(stack, 'IngressCidr', {
    type: 'String',
    description: 'Network from which agents come, such as 203.0.113.7/32',
    allowedPattern: NETWORK_PATTERN,
    constraintDescription: 'a network such as 203.0.113.7/32',
  })
  const group = new SecurityGroup(stack, 'Gate', { vpc, description: 'The tunnel server' })
  group.addIngressRule(Peer.ipv4(networks.valueAsString), Port.tcp(port), 'Agents')
  return group
}

function taskDefinition(
  stack: Stack,
  options: TunnelOptions,
  { clusterName, serviceName, certificate }: DeployedServer,
): FargateTaskDefinition {
  const task = new FargateTaskDefinition(stack, 'Task', { cpu: 256, memoryLimitMiB: 512 })
  const field = (name: string) => TaskSecret.fromSecretsManager(certificate, name)
  const logGroup = new LogGroup(stack, 'ServerLog', {
    logGroupName: `/${options.name}/server`,
    retention: RetentionDays.ONE_WEEK,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  task.addContainer('server', {
    image:
      options.image === undefined
        ? // Fargate runs it on x86, whatever this machine is.
          ContainerImage.fromAsset(ROOT, { file: DOCKERFILE, platform: Platform.LINUX_AMD64 })
        : ContainerImage.fromRegistry(options.image),
    user: USER,
    readonlyRootFilesystem: true,
    stopTimeout: Duration.seconds(STOP_SECONDS),
    portMappings: [{ containerPort: options.port }],
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'server' }),
    environment: {
      FLUIDITY_LISTEN_PORT: String(options.port),
      FLUIDITY_ALLOW: options.allow.join(','),
      FLUIDITY_EMIT_METRICS: 'true',
      [ENVIRONMENT.metricsNamespace]: TUNNEL_METRICS.namespace,
      [ENVIRONMENT.cluster]: clusterName,
      [ENVIRONMENT.service]: serviceName,
    },
    secrets: {
      CERT_PEM: field('cert_pem'),
      KEY_PEM: field('key_pem'),
      CA_PEM: field('ca_pem'),
      CRL_PEM: field('crl_pem'),
    },
  })
  return task
}

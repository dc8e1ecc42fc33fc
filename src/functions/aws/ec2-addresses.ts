import { DescribeNetworkInterfacesCommand, type EC2Client, EC2ServiceException } from '@aws-sdk/client-ec2'
import type { PublicAddresses } from '../ports.ts'

/** Public addresses as Amazon EC2 has them. An interface that has just gone with its task has none. */
export function ec2Addresses(client: EC2Client): PublicAddresses {
  const ask = async (interfaces: readonly string[]): Promise<(readonly [string, string])[]> => {
    const { NetworkInterfaces: found = [] } = await client.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [...interfaces] }),
    )
    return found.flatMap(({ NetworkInterfaceId: id, Association: association }) =>
      id === undefined || association?.PublicIp === undefined ? [] : [[id, association.PublicIp] as const],
    )
  }
  // One that is unknown fails the whole question, so each is asked for by itself then.
  const askOne = (id: string) =>
    ask([id]).catch((error: unknown) => {
      if (isUnknownInterface(error)) return []
      throw error
    })
  return async (interfaces) => {
    try {
      return new Map(await ask(interfaces))
    } catch (error) {
      if (!isUnknownInterface(error)) throw error
      return new Map((await Promise.all(interfaces.map(askOne))).flat())
    }
  }
}

function isUnknownInterface(error: unknown): boolean {
  return error instanceof EC2ServiceException && error.name === 'InvalidNetworkInterfaceID.NotFound'
}

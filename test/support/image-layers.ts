import { z } from 'zod'
import type { Docker } from './start-docker.ts'

/** What an image of ours may add to its base. */
export const MOST_OWN_LAYER_BYTES = 60e6

const inspected = z.tuple([
  z.looseObject({ Size: z.int(), RootFS: z.looseObject({ Layers: z.array(z.string()) }) }),
])

/**
 * Bytes of the layers that an image has beyond those of its base, unpacked.
 *
 * @throws where it is not built on that base
 */
export async function ownLayerBytes(engine: Docker, image: string, base: string): Promise<number> {
  const [whole, below] = await Promise.all([inspect(engine, image), inspect(engine, base)])
  const isOnBase = below.RootFS.Layers.every((layer, at) => whole.RootFS.Layers[at] === layer)
  if (!isOnBase || whole.RootFS.Layers.length <= below.RootFS.Layers.length)
    throw new Error(`${image} does not add layers to those of ${base}.`)
  return whole.Size - below.Size
}

async function inspect({ docker }: Docker, image: string) {
  const [facts] = inspected.parse(JSON.parse(await docker('image', 'inspect', image)))
  return facts
}

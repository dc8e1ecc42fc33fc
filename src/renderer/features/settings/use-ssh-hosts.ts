import { useEffect, useState } from 'react'
import type { CallResult } from '../../../shared/bridge-api/calls.ts'
import { useApi } from '../../store/bridge-context.tsx'

export type SshHost = CallResult<'listSshHosts'>['hosts'][number]

/** What is known of the hosts that ~/.ssh/config names. */
export type SshHosts =
  | { readonly kind: 'asking' }
  | { readonly kind: 'known'; readonly hosts: readonly SshHost[] }
  | { readonly kind: 'unknown' }

export function useSshHosts(): SshHosts {
  const api = useApi()
  const [hosts, setHosts] = useState<SshHosts>({ kind: 'asking' })
  useEffect(() => {
    let isOver = false
    api.listSshHosts({}).then(
      (answer) => !isOver && setHosts({ kind: 'known', hosts: answer.hosts }),
      () => !isOver && setHosts({ kind: 'unknown' }),
    )
    return () => {
      isOver = true
    }
  }, [api])
  return hosts
}

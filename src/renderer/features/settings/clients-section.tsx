import { type ReactNode, useDeferredValue, useState } from 'react'
import { Button, IconButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { ClientDialog, type JudgeClient } from './client-dialog.tsx'
import type { ProfileSectionProps } from './section-frame.tsx'
import { type ClientForm, newClient, nextId, type ProfileForm } from './settings-form.ts'

export interface ClientsSectionProps extends ProfileSectionProps {
  /** What would be wrong with a client if it stood in the list. */
  readonly judge: JudgeClient
}

/** As many as one reads; a filter finds the others. */
const PAGE = 50

export function ClientsSection(props: ClientsSectionProps): ReactNode {
  const { profile, hosts, onChange, mistakeAt, judge } = props
  const said = words.settings.clientSection
  const [edited, setEdited] = useState<ClientForm>()
  const [removed, setRemoved] = useState<{ readonly client: ClientForm; readonly index: number }>()
  const { clients } = profile
  const changeClients = (change: (clients: readonly ClientForm[]) => readonly ClientForm[]): void =>
    onChange((before) => ({ ...before, clients: change(before.clients) }))
  return (
    <Card
      title={said.list}
      aside={
        <Button size="s" icon="plus" onClick={() => setEdited(newClient(nextId(clients)))}>
          {said.add}
        </Button>
      }
    >
      <p className="muted">{clients.length === 0 ? said.empty : said.intro}</p>
      {removed !== undefined && (
        <Notice
          tone="quiet"
          title={<span role="status">{said.removed(plain(removed.client.name, 60))}</span>}
          actions={
            <Button
              size="s"
              onClick={() => {
                changeClients((before) => before.toSpliced(removed.index, 0, removed.client))
                setRemoved(undefined)
              }}
            >
              {said.undo}
            </Button>
          }
        />
      )}
      <ClientList
        clients={clients}
        mistakeAt={mistakeAt}
        onEdit={setEdited}
        onEnable={(client, enabled) =>
          changeClients((before) => before.map((one) => (one.id === client.id ? { ...one, enabled } : one)))
        }
        onRemove={(client) => {
          setRemoved({ client, index: clients.indexOf(client) })
          changeClients((before) => before.filter(({ id }) => id !== client.id))
        }}
      />
      {edited !== undefined && (
        <ClientDialog
          client={edited}
          isNew={!clients.some(({ id }) => id === edited.id)}
          hosts={hosts}
          judge={judge}
          onClose={() => setEdited(undefined)}
          onDone={(client) => {
            changeClients((before) => withClient(before, client))
            setRemoved(undefined)
            setEdited(undefined)
          }}
        />
      )}
    </Card>
  )
}

export function withClient(clients: ProfileForm['clients'], client: ClientForm): readonly ClientForm[] {
  const isKnown = clients.some(({ id }) => id === client.id)
  return isKnown ? clients.map((one) => (one.id === client.id ? client : one)) : [...clients, client]
}

interface ClientListProps extends Pick<ProfileSectionProps, 'mistakeAt'> {
  readonly clients: readonly ClientForm[]
  readonly onEdit: (client: ClientForm) => void
  readonly onEnable: (client: ClientForm, enabled: boolean) => void
  readonly onRemove: (client: ClientForm) => void
}

function ClientList({ clients, mistakeAt, onEdit, onEnable, onRemove }: ClientListProps): ReactNode {
  const [filter, setFilter] = useState('')
  const [most, setMost] = useState(PAGE)
  const said = words.settings.clientSection
  const wanted = useDeferredValue(filter.trim().toLowerCase())
  const indexed = clients.map((client, index) => ({ client, index }))
  const matching =
    wanted === ''
      ? indexed
      : indexed.filter(({ client }) => `${client.name}\n${hostText(client)}`.toLowerCase().includes(wanted))
  return (
    <>
      {clients.length > 10 && (
        <div className="filter">
          <input
            className="input"
            type="search"
            aria-label={said.filter}
            placeholder={said.filterHint}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <span className="faint" role="status">
            {said.shown(Math.min(most, matching.length), clients.length)}
          </span>
        </div>
      )}
      {matching.length === 0 && clients.length > 0 && <p className="muted">{said.noMatch}</p>}
      {matching.length > 0 && (
        <ul className="rows">
          {matching.slice(0, most).map(({ client, index }) => (
            <ClientRow
              key={client.id}
              client={client}
              mistake={firstMistake(mistakeAt, index)}
              onEdit={() => onEdit(client)}
              onEnable={(enabled) => onEnable(client, enabled)}
              onRemove={() => onRemove(client)}
            />
          ))}
        </ul>
      )}
      {matching.length > most && (
        <div>
          <Button size="s" onClick={() => setMost(most + PAGE)}>
            {said.showMore}
          </Button>
        </div>
      )}
    </>
  )
}

interface ClientRowProps {
  readonly client: ClientForm
  readonly mistake: string | undefined
  readonly onEdit: () => void
  readonly onEnable: (enabled: boolean) => void
  readonly onRemove: () => void
}

function ClientRow({ client, mistake, onEdit, onEnable, onRemove }: ClientRowProps): ReactNode {
  const said = words.settings.clientSection
  const name = client.name === '' ? said.unnamed : plain(client.name, 60)
  return (
    <li className="client-row">
      <input
        type="checkbox"
        className="checkbox"
        aria-label={said.enable(name)}
        title={said.enable(name)}
        checked={client.enabled}
        onChange={(event) => onEnable(event.target.checked)}
      />
      <div className="client-words">
        <p className={client.enabled ? 'client-name' : 'client-name muted'}>
          <SafeText text={name} maxLength={60} />
          {!client.enabled && <span className="faint"> {said.off}</span>}
        </p>
        <p className="faint">
          <SafeText text={said.place(hostText(client), client.listen)} maxLength={120} />
        </p>
        {mistake !== undefined && <p className="field-error">{mistake}</p>}
      </div>
      <div className="row-actions">
        <Button size="s" onClick={onEdit}>
          <span aria-hidden="true">{words.settings.edit}</span>
          <span className="visually-hidden">{said.edit(name)}</span>
        </Button>
        <IconButton label={said.remove(name)} icon="trash" onClick={onRemove} />
      </div>
    </li>
  )
}

function hostText({ ssh }: ClientForm): string {
  if (ssh.kind === 'address') return ssh.address
  return `${ssh.user === '' ? '' : `${ssh.user}@`}${ssh.host}${ssh.port === '' ? '' : `:${ssh.port}`}`
}

const FIELDS = [['name'], ['ssh'], ['ssh', 'host'], ['ssh', 'port'], ['listen']] as const

function firstMistake(mistakeAt: ProfileSectionProps['mistakeAt'], index: number): string | undefined {
  for (const field of FIELDS) {
    const mistake = mistakeAt('clients', index, ...field)
    if (mistake !== undefined) return mistake
  }
  return undefined
}

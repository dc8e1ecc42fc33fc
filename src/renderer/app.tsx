import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import './app.css'
import { useFirstRun } from './features/first-run/use-first-run.ts'
import { PromptDialog } from './features/prompts/prompt-dialog.tsx'
import { GoneNotice } from './shell/gone-notice.tsx'
import { TopBar } from './shell/top-bar.tsx'
import { useMirror } from './store/bridge-context.tsx'
import { Notice } from './ui/notice.tsx'
import { hashOf, useHash } from './ui/use-hash.ts'
import { VIEWS } from './views.tsx'
import { words } from './words/words.ts'

/** The window: a bar, what is wrong with the way to the bridge, and the view that the address names. */
export function App(): ReactNode {
  const path = useHash()
  const view = VIEWS.find((one) => one.path === path)
  const hasState = useMirror(({ state }) => state !== undefined)
  const isGone = useMirror(({ connection }) => connection.phase === 'gone')
  const main = useRef<HTMLElement>(null)
  useFirstRun(hasState)
  useTitle(view?.title)
  useFocusOnChange(main, path)
  const Content = view?.component ?? UnknownView
  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {words.shell.skip}
      </button>
      {view?.isBare !== true && <TopBar path={path} />}
      <main id="content" ref={main} tabIndex={-1} className={view?.isBare === true ? 'page bare' : 'page'}>
        {isGone && <GoneNotice />}
        {hasState ? <Content /> : !isGone && <Notice tone="busy" title={words.shell.opening} />}
      </main>
      {hasState && path !== 'prompts' && <PromptDialog />}
    </>
  )
}

function UnknownView(): ReactNode {
  return (
    <Notice
      tone="quiet"
      title={words.shell.unknownView}
      actions={<a href={hashOf('')}>{words.shell.toDashboard}</a>}
    />
  )
}

function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title === undefined ? words.shell.product : `${title} · ${words.shell.product}`
  }, [title])
}

/** A screen reader learns of another view only by the focus. The first view leaves it where it is. */
function useFocusOnChange(target: RefObject<HTMLElement | null>, path: string): void {
  const previous = useRef(path)
  useEffect(() => {
    if (previous.current === path) return
    previous.current = path
    target.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [path, target])
}

import { Notification } from 'electron'
import type { Notice } from './notices.ts'

export interface DesktopNotices {
  show(notice: Notice): void
  /** Takes away what still stands there: nobody is left to answer a click on it. */
  close(): void
}

/** As many as anybody would still find; one that is forgotten can be collected, and its click with it. */
const MOST_KEPT = 20

/** Notifications of the desktop; where there are none, nothing happens. */
export function desktopNotices(onClick: (view: Notice['view']) => void): DesktopNotices {
  const kept = new Set<Notification>()
  return {
    show({ body, title, view }) {
      if (!Notification.isSupported()) return
      const notification = new Notification({ title, body })
      notification.on('click', () => onClick(view))
      notification.on('close', () => kept.delete(notification))
      kept.add(notification)
      for (const old of [...kept].slice(0, -MOST_KEPT)) kept.delete(old)
      notification.show()
    },
    close() {
      for (const notification of [...kept]) notification.close()
      kept.clear()
    },
  }
}

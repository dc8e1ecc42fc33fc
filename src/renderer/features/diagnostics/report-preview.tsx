import { type ReactNode, useState } from 'react'
import type { Report } from '../../../shared/protocol/diagnostics.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/code-text.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { saveAs } from '../../ui/save-as.ts'
import { words } from '../../words/words.ts'
import { FileText } from './file-text.tsx'

type ReportFile = Report['files'][number]

/** What is in a report, file by file; only here can it be saved. */
export function ReportPreview({ report }: { readonly report: Report }): ReactNode {
  const [chosen, setChosen] = useState(0)
  const [isSaved, setSaved] = useState(false)
  const said = words.diagnostics
  const { files } = report
  const file = files[chosen] ?? files[0]
  if (file === undefined) return <p className="muted">{said.emptyReport}</p>
  const total = files.reduce((sum, { redactions }) => sum + redactions, 0)
  const save = (): void => {
    saveAs(fileNameOf(report.fileName), bytesOf(report.zipBase64), 'application/zip')
    setSaved(true)
  }
  return (
    <div className="report">
      <nav className="report-files" aria-label={said.files}>
        <ul>
          {files.map((one, index) => (
            <li key={one.name}>
              <FileButton file={one} isChosen={one === file} onChoose={() => setChosen(index)} />
            </li>
          ))}
        </ul>
      </nav>
      <div className="report-file">
        <FileText key={file.name} name={file.name} text={file.text} />
      </div>
      <footer className="report-foot">
        <p className="muted" role="status">
          {isSaved ? <SafeText text={said.savedAs(report.fileName)} /> : said.redactionTotal(total)}
        </p>
        <div className="row">
          <CopyButton size="m" label={said.copyFile} text={file.text} />
          <Button look="primary" icon="download" onClick={save}>
            {said.saveZip}
          </Button>
        </div>
      </footer>
    </div>
  )
}

interface FileButtonProps {
  readonly file: ReportFile
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function FileButton({ file, isChosen, onChoose }: FileButtonProps): ReactNode {
  return (
    <button
      type="button"
      className="report-link"
      aria-current={isChosen ? 'true' : undefined}
      onClick={onChoose}
    >
      <span className="report-name">
        <SafeText text={file.name} maxLength={80} />
      </span>
      <span className="faint">{words.diagnostics.redactions(file.redactions)}</span>
    </button>
  )
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}

/** A name only, without a way to another folder. */
function fileNameOf(name: string): string {
  return plain(name, 120).replace(/[/\\]/g, '-')
}

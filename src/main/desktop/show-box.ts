import { dialog } from 'electron'
import type { MessageBox } from './dialogs.ts'
import { words } from './words/words.ts'

export async function showBox(box: MessageBox): Promise<number> {
  const { response } = await dialog.showMessageBox({ ...box, title: words.product, noLink: true })
  return response
}

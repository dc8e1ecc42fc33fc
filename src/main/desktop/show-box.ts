import { dialog } from 'electron'
import type { MessageBox } from './dialogs.ts'

export async function showBox(box: MessageBox): Promise<number> {
  const { response } = await dialog.showMessageBox({ ...box, title: 'Sovereign Bridge', noLink: true })
  return response
}

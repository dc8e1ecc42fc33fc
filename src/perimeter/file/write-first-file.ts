import { INIT_TEXT } from './init-text.ts'
import { writeNewFile } from './write-new-file.ts'

/** @throws AppError `perimeter.exists` where anything of that name is there, `perimeter.unwritable` */
export function writeFirstFile(path: string): Promise<void> {
  return writeNewFile(path, INIT_TEXT)
}

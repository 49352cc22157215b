// Files that a person dropped or chose, with the folders they lie in.
import { isJunk } from '#server/manifests/layout.ts'

export interface PickedFile {
  /** Its folders before slashes, the outermost first. */
  path: string
  file: File
}

export interface Picked {
  files: PickedFile[]
  /** What systems leave in folders, left out. */
  junk: number
}

/** `found` is told how many there are so far: a folder of 100,000 takes some seconds. */
export async function droppedFiles(transfer: DataTransfer, found: (files: number) => void): Promise<Picked> {
  // Both lists are empty once the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const loose = entries.length === 0 ? [...transfer.files] : []
  const picked = gather(found)
  for (const file of loose) picked.add({ path: file.name, file })
  for (const entry of entries) await walk(entry, picked.add)
  return picked.all()
}

/** Of an input: `webkitRelativePath` where a folder was chosen. */
export function chosenFiles(list: FileList): Picked {
  const picked = gather(() => {})
  for (const file of list) picked.add({ path: file.webkitRelativePath || file.name, file })
  return picked.all()
}

function gather(found: (files: number) => void) {
  const files = new Map<string, File>()
  let junk = 0
  return {
    add({ path, file }: PickedFile) {
      if (isJunk(path)) junk += 1
      else files.set(path, file)
      if (files.size % 500 === 0) found(files.size)
    },
    all: (): Picked => ({ files: [...files].map(([path, file]) => ({ path, file })), junk }),
  }
}

async function walk(entry: FileSystemEntry, add: (file: PickedFile) => void): Promise<void> {
  if (entry.isFile) {
    const file = await fileOf(entry as FileSystemFileEntry)
    add({ path: entry.fullPath.replace(/^\/+/, ''), file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  // It gives a hundred at a time, and none when it has given all.
  for (let some = await entriesOf(reader); some.length > 0; some = await entriesOf(reader)) {
    const [folders, files] = [some.filter((one) => one.isDirectory), some.filter((one) => one.isFile)]
    await Promise.all(files.map((one) => walk(one, add)))
    for (const folder of folders) await walk(folder, add)
  }
}

const entriesOf = (reader: FileSystemDirectoryReader) =>
  new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))

/** One that cannot be opened is announced, and told as unreadable when it is to be sent. */
const fileOf = (entry: FileSystemFileEntry) =>
  new Promise<File>((resolve) => entry.file(resolve, () => resolve(new File([' '], entry.name, { lastModified: 0 }))))

// What an original's EXIF says, as far as the product uses it.
import ExifReader from 'exifreader'

/** When it was taken, by the EXIF in the first bytes of a file, or in a bare EXIF block: ISO 8601, an offset only where one is stated. */
export function takenAt(exif: Buffer): string | null {
  try {
    const tags = ExifReader.load(exif, {
      includeTags: { exif: ['DateTimeOriginal', 'OffsetTimeOriginal', 'SubSecTimeOriginal'] },
    })
    const written = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)/.exec(tags.DateTimeOriginal?.description ?? '')
    const [, year, month, day, hour, minute, second] = written ?? []
    const time = `${year}-${month}-${day}T${hour}:${minute}:${second}`
    if (year === '0000' || Number.isNaN(Date.parse(`${time}Z`))) return null
    const part = /^\d{1,9}/.exec(String(tags.SubSecTimeOriginal?.description ?? '').trim())
    const offset = /^(?:[+-]\d\d:\d\d|Z)$/.exec(String(tags.OffsetTimeOriginal?.description ?? '').trim())
    return `${time}${part ? `.${part[0]}` : ''}${offset?.[0] ?? ''}`
  } catch {
    return null // broken or foreign metadata says nothing about the picture
  }
}

/** What a picture's own EXIF says of when it was taken, `YYYY-MM-DDTHH:MM:SS`, for providers that do not say it themselves. */
export function captureTime(bytes: Buffer): string | null {
  const [, year, month, day, time] =
    /(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(bytes.toString('latin1', 0, 65_536)) ?? []
  return time === undefined ? null : `${year}-${month}-${day}T${time}`
}

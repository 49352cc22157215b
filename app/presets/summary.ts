// Instructions in a line, as people say them.

/** "800 × 600 at most, text “© Anna”, WebP 80". Takes them complete or as they were written. */
export function summaryOf(instructions: Record<string, unknown>): string {
  const { resize, crop, watermark, format, quality } = instructions as {
    resize?: { width?: number; height?: number; fit?: string }
    crop?: { width: number; height: number }
    watermark?: string | { text?: string; picture?: string }
    format?: string
    quality?: number | null
  }
  const parts = [
    crop && `cropped to ${crop.width} × ${crop.height}`,
    resize && sizeOf(resize),
    !resize && !crop && 'full size',
    watermark && markOf(watermark),
    `${formats[format ?? 'webp'] ?? format}${quality ? ` ${quality}` : ''}`,
  ]
  return parts.filter(Boolean).join(', ')
}

const formats: Record<string, string> = { webp: 'WebP', jpeg: 'JPEG', avif: 'AVIF', png: 'PNG' }

const fits: Record<string, string> = {
  inside: 'at most',
  outside: 'at least',
  cover: 'filled',
  contain: 'with borders',
  fill: 'stretched',
}

function sizeOf({ width, height, fit = 'inside' }: { width?: number; height?: number; fit?: string }): string {
  if (width && height) return `${width} × ${height} ${fits[fit] ?? fit}`
  return width ? `${width} wide` : `${height} high`
}

function markOf(watermark: string | { text?: string; picture?: string }): string {
  if (typeof watermark === 'string') return `watermark ${watermark}`
  return watermark.text === undefined ? `watermark ${watermark.picture}` : `text “${watermark.text}”`
}

// Lays pictures out in rows of equal height that fill the width, in their order, whatever their shapes.

export interface Shape {
  width: number | null
  height: number | null
}

export interface Row {
  /** Index of the first picture. */
  first: number
  /** Widths in pixels, one a picture. */
  widths: number[]
  height: number
}

const unknownAspect = 1.5
// Panoramas and strips would leave nothing else in their row.
const [narrowest, widest] = [0.5, 3]

const aspectOf = ({ width, height }: Shape) =>
  width && height ? Math.min(widest, Math.max(narrowest, width / height)) : unknownAspect

/** `gap` lies between pictures; the last row keeps the target height and stays unfilled. */
export function justified(shapes: Shape[], width: number, targetHeight: number, gap: number): Row[] {
  const rows: Row[] = []
  if (width <= 0) return rows
  let first = 0
  let aspects: number[] = []
  const close = (height: number) => {
    rows.push({ first, widths: aspects.map((aspect) => aspect * height), height })
    first += aspects.length
    aspects = []
  }
  for (const shape of shapes) {
    aspects.push(aspectOf(shape))
    const filled = aspects.reduce((sum, aspect) => sum + aspect, 0)
    const height = (width - gap * (aspects.length - 1)) / filled
    if (height <= targetHeight) close(height)
  }
  if (aspects.length > 0) close(targetHeight)
  return rows
}

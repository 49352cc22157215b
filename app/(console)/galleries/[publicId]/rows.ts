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

/**
 * `gap` lies between pictures; the last row keeps the target height and stays unfilled. `laid`: rows of the same width and
 * height that hold the first of these shapes already, and are not laid out again.
 */
export function justified(shapes: Shape[], width: number, targetHeight: number, gap: number, laid: Row[] = []): Row[] {
  const rows = [...laid]
  if (width <= 0) return rows
  const last = laid.at(-1)
  let first = last ? last.first + last.widths.length : 0
  let aspects: number[] = []
  const close = (height: number) => {
    rows.push({ first, widths: aspects.map((aspect) => aspect * height), height })
    first += aspects.length
    aspects = []
  }
  for (const shape of shapes.slice(first)) {
    aspects.push(aspectOf(shape))
    const filled = aspects.reduce((sum, aspect) => sum + aspect, 0)
    const height = (width - gap * (aspects.length - 1)) / filled
    if (height <= targetHeight) close(height)
  }
  if (aspects.length > 0) close(targetHeight)
  return rows
}

/** Lays out pictures that come in pages: what filled its row before stays as it is. */
export function layer(gap: number) {
  let before: { shapes: Shape[]; width: number; height: number; rows: Row[] } | null = null
  return (shapes: Shape[], width: number, height: number): Row[] => {
    const goesOn =
      before?.width === width && before.height === height && before.shapes.every((shape, at) => shape === shapes[at])
    const rows = justified(shapes, width, height, gap, goesOn ? before!.rows.slice(0, -1) : [])
    before = { shapes, width, height, rows }
    return rows
  }
}

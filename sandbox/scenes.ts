import sharp, { type Sharp } from 'sharp'
import { noise, pick, stream } from './random.ts'

/** Stands in every dated picture where the capture time belongs; `pictures.ts` writes the photo's own over it. */
export const placeholderDate = '2001:01:01 00:00:00'

export const pictureSizes = {
  tiny: { edge: [150, 220], quality: 62, grain: 0.2 },
  small: { edge: [700, 900], quality: 80, grain: 0.35 },
  normal: { edge: [1600, 3000], quality: 84, grain: 0.38 },
  large: { edge: [4000, 4000], quality: 92, grain: 0.5 },
} as const satisfies Record<string, { edge: readonly [number, number]; quality: number; grain: number }>

export type PictureSize = keyof typeof pictureSizes

export const sceneCount = 24
/** The last scenes carry no EXIF: photos without a capture time are drawn from them. */
export const undatedScenes = 4

const ratios = [3 / 2, 2 / 3, 4 / 3, 3 / 4, 1, 16 / 9, 4 / 5, 5 / 4]
const palettes = [
  ['#f7c59f', '#ef6461', '#313b72', '#62466b', '#f2e863'],
  ['#bde0fe', '#5390d9', '#2d6a4f', '#40916c', '#fff3b0'],
  ['#fde2e4', '#e2ece9', '#6d6875', '#b5838d', '#ffcdb2'],
  ['#0b132b', '#1c2541', '#3a506b', '#5bc0be', '#ffffff'],
  ['#fefae0', '#dda15e', '#606c38', '#283618', '#bc6c25'],
  ['#caf0f8', '#00b4d8', '#03045e', '#90e0ef', '#f9c74f'],
  ['#fff1e6', '#f08080', '#774936', '#a68a64', '#ffd6ff'],
] as const
const cameras = [
  ['Canon', 'EOS R5'],
  ['NIKON CORPORATION', 'Z 8'],
  ['SONY', 'ILCE-7M4'],
  ['FUJIFILM', 'X-T5'],
] as const

/** One JPEG, the same for the same index and size: landscape, town or people, with grain, EXIF and a colour profile. */
export async function drawScene(index: number, size: PictureSize): Promise<Buffer> {
  const { edge, quality, grain } = pictureSizes[size]
  const next = stream('scene', index)
  const long = Math.round(edge[0] + (edge[1] - edge[0]) * next())
  const ratio = size === 'large' ? 4 / 3 : (ratios[index % ratios.length] ?? 1)
  const width = ratio >= 1 ? long : Math.round(long * ratio)
  const height = ratio >= 1 ? Math.round(long / ratio) : long
  const scene = sharp(Buffer.from(svg(index, width, height, next)))
    .removeAlpha()
    .composite([{ input: await grainTile(index, grain, size), tile: true, blend: 'overlay' }])
  // Composited once here, so that colour conversion below sees the finished picture.
  const dated = index < sceneCount - undatedScenes
  const orientation = dated ? 1 + (index % 8) : 1
  const flat = await held(sharp(await scene.raw().toBuffer(), { raw: { width, height, channels: 3 } }), orientation)
  const jpeg = await dressed(flat, index, next)
    .jpeg({ quality, progressive: index % 12 === 5, chromaSubsampling: index % 3 === 0 ? '4:4:4' : '4:2:0' })
    .toBuffer()
  return orient(jpeg, orientation)
}

/** The picture as a camera held that way stores it: upright again once the orientation is followed. */
async function held(upright: Sharp, orientation: number): Promise<Sharp> {
  const turned = { 3: 180, 5: 90, 6: 270, 7: 90, 8: 90 }[orientation] ?? 0
  const { data, info } = await upright.rotate(turned).raw().toBuffer({ resolveWithObject: true })
  const picture = sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
  const mirrored =
    orientation === 2 || orientation === 5
      ? picture.flop()
      : orientation === 4 || orientation === 7
        ? picture.flip()
        : picture
  const done = await mirrored.raw().toBuffer()
  return sharp(done, { raw: { width: info.width, height: info.height, channels: 3 } })
}

function dressed(picture: Sharp, index: number, next: () => number): Sharp {
  if (index % 12 === 7) picture = picture.toColourspace('cmyk')
  else if (index % 12 === 9) picture = picture.toColourspace('b-w')
  else if (index % 4 === 1) picture = picture.withIccProfile('p3')
  else if (index % 4 === 2) picture = picture.withIccProfile('srgb')
  if (index >= sceneCount - undatedScenes) return picture
  const [make, model] = pick(cameras, 'camera', index)
  const gps: Record<string, string> = {
    GPSLatitudeRef: 'N',
    GPSLatitude: `${47 + Math.floor(next() * 5)}/1 ${Math.floor(next() * 60)}/1 0/1`,
    GPSLongitudeRef: 'E',
    GPSLongitude: `${8 + Math.floor(next() * 5)}/1 ${Math.floor(next() * 60)}/1 0/1`,
  }
  // Not withMetadata: it would bring its own profile and colour space along.
  return picture.withExif({
    IFD0: { Make: make, Model: model, DateTime: placeholderDate },
    IFD2: { DateTimeOriginal: placeholderDate, ExposureTime: '1/250', FNumber: '28/10', ISOSpeedRatings: '400' },
    ...(index % 3 === 0 ? { IFD3: gps } : {}),
  })
}

/** Writes the EXIF orientation (tag 0x0112) in place, where there is EXIF. */
function orient(jpeg: Buffer, orientation: number): Buffer {
  const start = jpeg.indexOf('Exif\0\0') + 6
  if (start < 6) return jpeg
  const little = jpeg.toString('latin1', start, start + 2) === 'II'
  const read16 = (at: number) => (little ? jpeg.readUInt16LE(at) : jpeg.readUInt16BE(at))
  const ifd = start + (little ? jpeg.readUInt32LE(start + 4) : jpeg.readUInt32BE(start + 4))
  for (let entry = ifd + 2; entry < ifd + 2 + 12 * read16(ifd); entry += 12) {
    if (read16(entry) !== 0x0112) continue
    if (little) jpeg.writeUInt16LE(orientation, entry + 8)
    else jpeg.writeUInt16BE(orientation, entry + 8)
  }
  return jpeg
}

async function grainTile(index: number, strength: number, size: PictureSize): Promise<Buffer> {
  const edge = size === 'tiny' ? 64 : 256
  const values = noise(edge * edge, 'grain', index)
  const pixels = Buffer.alloc(edge * edge * 4)
  for (let at = 0; at < values.length; at++) {
    pixels.fill(values[at] ?? 0, at * 4, at * 4 + 3)
    pixels[at * 4 + 3] = 255 * strength
  }
  return sharp(pixels, { raw: { width: edge, height: edge, channels: 4 } })
    .png()
    .toBuffer()
}

function svg(index: number, width: number, height: number, next: () => number): string {
  const palette = palettes[index % palettes.length] ?? palettes[0]
  const horizon = height * (0.35 + 0.3 * next())
  const subjects = [trees, houses, people][index % 3] ?? trees
  const sun = { x: width * next(), y: horizon * (0.2 + 0.6 * next()), r: Math.min(width, height) * 0.09 }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>
<linearGradient id="sky" x2="${next().toFixed(2)}" y2="1"><stop stop-color="${palette[1]}"/><stop offset="1" stop-color="${palette[0]}"/></linearGradient>
<linearGradient id="ground" x2="0" y2="1"><stop stop-color="${palette[3]}"/><stop offset="1" stop-color="${palette[2]}"/></linearGradient>
<radialGradient id="sun"><stop stop-color="${palette[4]}"/><stop offset="1" stop-color="${palette[4]}" stop-opacity="0"/></radialGradient></defs>
<rect width="100%" height="100%" fill="url(#sky)"/>
<circle cx="${sun.x}" cy="${sun.y}" r="${sun.r * 3}" fill="url(#sun)"/><circle cx="${sun.x}" cy="${sun.y}" r="${sun.r}" fill="${palette[4]}"/>
${hills(width, height, horizon, palette[2], next)}<rect y="${horizon + height * 0.12}" width="100%" height="100%" fill="url(#ground)"/>
${subjects(width, height, horizon, palette, next)}</svg>`
}

function hills(width: number, height: number, horizon: number, colour: string, next: () => number): string {
  let layers = ''
  for (let layer = 0; layer < 3; layer++) {
    let path = `M0 ${height}`
    const [wave, shift, base] = [2 + next() * 5, next() * 6, horizon + height * 0.05 * layer]
    for (let step = 0; step <= 40; step++) {
      path += `L${((width * step) / 40).toFixed(1)} ${(base + Math.sin((wave * step) / 10 + shift) * height * 0.05).toFixed(1)}`
    }
    layers += `<path d="${path}L${width} ${height}Z" fill="${colour}" fill-opacity="${0.3 + 0.2 * layer}"/>`
  }
  return layers
}

type Subjects = (
  width: number,
  height: number,
  horizon: number,
  palette: readonly string[],
  next: () => number,
) => string

const trees: Subjects = (width, height, horizon, palette, next) =>
  repeated(14, () => {
    const [x, y, r] = [
      width * next(),
      horizon + (height - horizon) * (0.2 + 0.7 * next()),
      height * 0.05 * (1 + next()),
    ]
    return `<rect x="${x - r * 0.12}" y="${y}" width="${r * 0.24}" height="${r * 1.4}" fill="#4a3728"/><ellipse cx="${x}" cy="${y}" rx="${r * 0.8}" ry="${r}" fill="${palette[2]}" fill-opacity="${0.6 + 0.4 * next()}"/>`
  })

const houses: Subjects = (width, height, horizon, palette, next) =>
  repeated(9, () => {
    const [w, h] = [width * 0.06 * (1 + next()), height * 0.12 * (1 + 2 * next())]
    const [x, y] = [width * next(), horizon + height * 0.16 - h]
    const windows = repeated(
      6,
      (at) =>
        `<rect x="${x + w * (0.15 + 0.45 * (at % 2))}" y="${y + h * (0.1 + 0.28 * Math.floor(at / 2))}" width="${w * 0.25}" height="${h * 0.14}" fill="${palette[4]}" fill-opacity="${0.4 + 0.6 * next()}"/>`,
    )
    return `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${palette[Math.floor(next() * 4)]}" stroke="#222" stroke-width="${width / 1500}"/>${windows}`
  })

const people: Subjects = (width, height, _horizon, palette, next) =>
  repeated(5, (at) => {
    const [x, y, r] = [width * (0.12 + 0.19 * at), height * (0.5 + 0.12 * next()), Math.min(width, height) * 0.055]
    const skin = ['#8d5524', '#c68642', '#e0ac69', '#f1c27d', '#ffdbac'][Math.floor(next() * 5)]
    return `<rect x="${x - r * 1.2}" y="${y + r}" width="${r * 2.4}" height="${height}" rx="${r}" fill="${palette[at % 5]}"/><circle cx="${x}" cy="${y}" r="${r}" fill="${skin}"/><path d="M${x - r} ${y}A${r} ${r} 0 0 1 ${x + r} ${y}Z" fill="#2b2118"/>`
  })

function repeated(times: number, part: (at: number) => string): string {
  return Array.from({ length: times }, (_, at) => part(at)).join('')
}

// `npm run screenshots`: every page in every state as a picture under `.data/screenshots`, wide and narrow, light and dark, and
// all of them on one sheet a project. `npm run screenshots -- my invitation` makes anew those whose names begin so;
// `-- --sheet` makes the sheets of the pictures that are there.
import { spawn } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

const root = join(import.meta.dirname, '..')
const folder = join(root, '.data/screenshots')
const looks = ['wide-light', 'wide-dark', 'narrow-light', 'narrow-dark'] as const
const column = { 'wide-light': 480, 'wide-dark': 480, 'narrow-light': 195, 'narrow-dark': 195 }
const [gap, caption, columns] = [16, 24, 4]

const wanted = process.argv.slice(2)
if (!wanted.includes('--sheet')) {
  if (wanted.length === 0) await rm(folder, { recursive: true, force: true })
  process.exitCode = await takePictures()
}
for (const look of looks) process.stdout.write(`${await makeSheet(look)}\n`)

function takePictures(): Promise<number> {
  const cli = join(root, 'node_modules/@playwright/test/cli.js')
  const args = [cli, 'test', '-c', 'e2e/screenshots.config.ts']
  const env = { ...process.env, ...(wanted.length > 0 ? { SCREENSHOTS_ONLY: wanted.join(' ') } : {}) }
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env })
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

/** Rows of tops of pages, each with its name; returns the file. */
async function makeSheet(look: (typeof looks)[number]): Promise<string> {
  const width = column[look]
  // A long page is cut where two screens end: the sheet is to see all of them, not all of one.
  const height = Math.round(width * (look.startsWith('wide') ? 1.25 : 2.6))
  const across = look.startsWith('wide') ? columns : columns * 2
  const names = (await readdir(folder)).filter((name) => name.endsWith(`-${look}.png`)).sort()
  const cells = await Promise.all(
    names.map(async (name, index) => {
      const left = gap + (index % across) * (width + gap)
      const top = gap + Math.floor(index / across) * (height + caption + gap)
      const page = await sharp(join(folder, name))
        .resize({ width })
        .extend({ bottom: height, background: '#888888' })
        .toBuffer()
      const input = await sharp(page).extract({ left: 0, top: 0, width, height }).png().toBuffer()
      return [
        { input: label(name.replace(`-${look}.png`, ''), width), left, top },
        { input, left, top: top + caption },
      ]
    }),
  )
  const rows = Math.ceil(names.length / across)
  const file = join(folder, `sheet-${look}.jpg`)
  await sharp({
    create: {
      width: gap + across * (width + gap),
      height: Math.max(1, gap + rows * (height + caption + gap)),
      channels: 3,
      background: '#888888',
    },
  })
    .composite(cells.flat())
    .jpeg({ quality: 82 })
    .toFile(file)
  return file
}

function label(text: string, width: number): Buffer {
  const size = 13
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${caption}"><text x="0" y="16" font-family="sans-serif" font-size="${size}" fill="#000">${text}</text></svg>`,
  )
}

import { startNextzen } from './nextzen/start.ts'
import { startPicTime } from './pic-time/start.ts'
import { startPixieset } from './pixieset/start.ts'
import type { PictureSize } from './scenes.ts'
import { startShootproof } from './shootproof/start.ts'
import { startZenfolio } from './zenfolio/start.ts'

export interface SandboxOptions {
  /** 0 takes a free one. */
  port: number
  originalsPort: number
  scenario: 'traps' | 'plain'
  galleries: number
  /** In each regular gallery. */
  photos: number
  seed: number
  pictures: PictureSize
  thawSeconds: number
  /** Where tokens and clocks are kept between starts, or null. */
  state: string | null
  /** Which of the provider's credentials are handed out, where it takes several; null: those that need no browser. */
  signIn: string | null
}

export interface Sandbox {
  origin: string
  endpoints: Record<string, string>
  credentials: Record<string, string>
  close(): Promise<void>
}

/** Another provider is one folder and one line. */
export const providers: Record<string, (options: SandboxOptions) => Promise<Sandbox>> = {
  zenfolio: startZenfolio,
  pixieset: startPixieset,
  shootproof: startShootproof,
  'pic-time': startPicTime,
  nextzen: startNextzen,
}

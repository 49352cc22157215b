import type { PictureSize } from './scenes.ts'
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
}

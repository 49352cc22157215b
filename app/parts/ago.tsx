'use client'
// Moments: relative where they stand, exact with their zone for whoever rests on them with the mouse or the keyboard.
import { Tooltip } from '@mantine/core'
import { type ReactNode, useEffect, useId, useState } from 'react'
import { ago, exactly } from '../format.ts'
import { useNow } from '../live/use-now.ts'

interface About {
  time: Date
  /** It stands in a row that is one link: whoever has the keyboard in that row is told of it. */
  ofRow?: boolean
}

/** "5 min. ago". */
export function Ago({ time, ofRow }: About) {
  const now = useNow()
  return (
    <Moment time={time} ofRow={ofRow}>
      {ago(time, now)}
    </Moment>
  )
}

/** What `children` say of a time in words of their own: a length, a clock, a day. A stop of the Tab key, to be asked. */
export function Moment({ time, ofRow = false, children }: About & { children: ReactNode }) {
  return (
    <time dateTime={time.toISOString()} data-moment tabIndex={ofRow ? undefined : 0}>
      {children}
    </time>
  )
}

const restMilliseconds = 300

/** Once for the page: tells of whatever moment the mouse rests on, or the keyboard has. */
export function ExactTimes() {
  const id = useId()
  const [told, setTold] = useState<HTMLElement | null>(null)
  useEffect(() => watchMoments(setTold, id), [id])
  if (!told) return null
  return (
    <Tooltip
      key={told.getAttribute('datetime')}
      target={told}
      label={<span id={id}>{exactOf(told)}</span>}
      opened
      interactive
    >
      {null}
    </Tooltip>
  )
}

const exactOf = (moment: HTMLElement) => exactly(new Date(moment.getAttribute('datetime')!))

function watchMoments(tell: (moment: HTMLElement | null) => void, id: string): () => void {
  const watching = new AbortController()
  const { signal } = watching
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown: { moment: HTMLElement; to: Element | null } | null = null

  const show = (moment: HTMLElement, to: Element | null) => {
    shown?.to?.removeAttribute('aria-describedby')
    shown = { moment, to }
    to?.setAttribute('aria-describedby', id)
    tell(moment)
  }
  const hide = () => {
    clearTimeout(timer)
    if (!shown) return
    shown.to?.removeAttribute('aria-describedby')
    shown = null
    tell(null)
  }
  const soon = (act: () => void) => {
    clearTimeout(timer)
    timer = setTimeout(act, restMilliseconds)
  }

  document.addEventListener(
    'focusin',
    ({ target }) => {
      const moment = (target as Element).matches(':focus-visible') && momentOf(target as Element)
      if (moment) soon(() => moment.isConnected && show(moment, target as Element))
    },
    { signal },
  )
  document.addEventListener('focusout', hide, { signal })
  document.addEventListener('keydown', ({ key }) => key === 'Escape' && hide(), { signal })
  document.addEventListener(
    'pointermove',
    ({ clientX, clientY }) => {
      // What the keyboard has asked for stays until the keyboard has gone.
      if (shown?.to) return
      if (shown && !isAt(shown.moment, clientX, clientY)) hide()
      soon(() => {
        const moment = momentAt(clientX, clientY)
        if (moment && moment !== shown?.moment) show(moment, null)
      })
    },
    { signal, passive: true },
  )
  return () => {
    watching.abort()
    hide()
  }
}

/** The moment that has the keyboard, or that stands in a row that has it. */
function momentOf(focused: Element): HTMLElement | null {
  if (focused.matches('[data-moment]')) return focused as HTMLElement
  if (!focused.matches('a[href]')) return null
  return (focused.closest('[data-row]') ?? focused).querySelector<HTMLElement>('[data-moment]:not([tabindex])')
}

/** The moment under the mouse, though the link of its row may lie over it. */
function momentAt(x: number, y: number): HTMLElement | null {
  const under = document.elementsFromPoint(x, y)
  const moment = under.find((one) => one.matches('[data-moment]'))
  if (!moment || (under[0] !== moment && !moment.closest('[data-row]')?.contains(under[0]!))) return null
  return moment as HTMLElement
}

/** On it, or on what tells of it. */
function isAt(moment: HTMLElement, x: number, y: number): boolean {
  return document.elementsFromPoint(x, y).some((one) => one === moment || one.matches('[role=tooltip]'))
}

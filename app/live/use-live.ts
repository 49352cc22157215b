'use client'
// One live view of a page: whole snapshots, so that coming back needs no replay. The last one stays on screen
// whatever happens to the connection.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { holdLine, lineEnded, lineStands } from './line.ts'

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'stale'

export interface Live<View> {
  view: View | undefined
  connection: { state: ConnectionState /** When the last view came. */; lastAt: Date | null }
  /** What it was refused for; nothing comes any more. */
  refused: LiveRefusal | null
}

export interface LiveRefusal {
  code: string
  message: string
}

export interface LiveHandlers<View> {
  onData(view: View): void
  onError(error: { message: string; data?: { code?: string; httpStatus?: number } | null }): void
  onConnectionStateChange(state: { state: 'idle' | 'connecting' | 'pending' }): void
  /** The console has ended it. */
  onComplete(): void
}

type Subscribe<View> = (handlers: LiveHandlers<View>) => { unsubscribe(): void }

const paintMilliseconds = 250 // four paints a second are as live as an eye needs
const hiccupMilliseconds = 1500 // a planned reconnect is nobody's business
const staleMilliseconds = 8000
const retrySeconds = [1, 2, 4, 8, 15]

/** `key` names what is followed; a new key is a new subscription. `spare`: only there while nothing else is followed. */
export function useLive<View>(key: string, subscribe: Subscribe<View>, spare = false): Live<View> {
  const [view, setView] = useState<{ key: string; value: View; at: Date }>()
  const [down, setDown] = useState<'connecting' | 'reconnecting' | 'stale' | null>('connecting')
  const [refused, setRefused] = useState<LiveRefusal | null>(null)
  const subscribing = useRef(subscribe)
  subscribing.current = subscribe

  useEffect(() => {
    setRefused(null)
    const paints = paintsFor<View>((value) => setView({ key, value, at: new Date() }))
    const connection = connectionWatch(setDown)
    const letGo = spare ? () => {} : holdLine()
    const stop = keepSubscribed(subscribing.current, paints.show, connection, (refusal) => setRefused(refusal))
    return () => {
      stop()
      letGo()
      paints.stop()
      connection.stop()
    }
  }, [key, spare])

  useCatchUp(down)

  const current = view?.key === key ? view : undefined
  const state = down ?? 'live'
  return {
    view: current?.value,
    connection: { state: current || state === 'stale' ? state : 'connecting', lastAt: current?.at ?? null },
    refused,
  }
}

/** What else the page asked for may have changed while nothing came through. */
function useCatchUp(down: string | null): void {
  const queryClient = useQueryClient()
  const before = useRef(down)
  useEffect(() => {
    const wasAway = before.current === 'reconnecting' || before.current === 'stale'
    before.current = down
    if (down === null && wasAway) void queryClient.invalidateQueries()
  }, [down, queryClient])
}

/** Subscribes, and again whenever the connection gave up, until told to stop or refused for good. */
function keepSubscribed<View>(
  subscribe: Subscribe<View>,
  show: (view: View) => void,
  connection: ReturnType<typeof connectionWatch>,
  refuse: (refusal: LiveRefusal) => void,
): () => void {
  let tries = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let current: { unsubscribe(): void } | undefined
  let stands = false
  let opened = 0
  const open = () => {
    const nth = ++opened
    clearTimeout(timer)
    current?.unsubscribe()
    stands = false
    current = subscribe({
      onData(value) {
        tries = 0
        connection.up()
        if (!stands) lineStands()
        stands = true
        show(value)
      },
      onConnectionStateChange({ state }) {
        if (state !== 'connecting') return
        stands = false
        connection.down()
      },
      onComplete() {
        // One that was left comes to its end too.
        if (nth !== opened) return
        lineEnded()
        open()
      },
      onError({ message, data }) {
        connection.down()
        const status = data?.httpStatus
        if (data?.code === 'signed_out')
          window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`)
        else if (status && status >= 400 && status < 500) refuse({ code: data?.code ?? 'refused', message })
        else timer = setTimeout(open, (retrySeconds[tries++] ?? 15) * 1000)
      },
    })
  }
  const offline = () => connection.down()
  window.addEventListener('online', open)
  window.addEventListener('offline', offline)
  open()
  return () => {
    window.removeEventListener('online', open)
    window.removeEventListener('offline', offline)
    clearTimeout(timer)
    opened++
    current?.unsubscribe()
  }
}

/** The newest view at most four times a second; the first at once. */
function paintsFor<View>(paint: (view: View) => void) {
  let next: { value: View } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    timer = undefined
    if (!next) return
    paint(next.value)
    next = undefined
    timer = setTimeout(flush, paintMilliseconds)
  }
  return {
    show(value: View) {
      next = { value }
      if (timer === undefined) flush()
    },
    stop: () => clearTimeout(timer),
  }
}

function connectionWatch(set: (down: 'connecting' | 'reconnecting' | 'stale' | null) => void) {
  let timers: ReturnType<typeof setTimeout>[] = []
  const clear = () => {
    timers.forEach(clearTimeout)
    timers = []
  }
  return {
    up() {
      clear()
      set(null)
    },
    down() {
      if (timers.length > 0) return
      timers = [
        setTimeout(() => set('reconnecting'), hiccupMilliseconds),
        setTimeout(() => set('stale'), staleMilliseconds),
      ]
    },
    stop: clear,
  }
}

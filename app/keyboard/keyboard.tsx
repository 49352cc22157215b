'use client'
// Single keys for lists and pages. None of them works while something is typed, or in a dialog.
import { Kbd, Modal } from '@mantine/core'
import { useDisclosure, useWindowEvent } from '@mantine/hooks'
import { usePathname, useRouter } from 'next/navigation'
import { useEffect, useRef } from 'react'
import { openCommands } from '../commands/opened.ts'
import { KeySwitch } from './key-switch.tsx'
import classes from './keyboard.module.css'
import { useSingleKeys } from './preference.ts'
import { leaveRow, selectRow, stepRow } from './rows.ts'

export function Keyboard() {
  const [on] = useSingleKeys()
  const [helping, help] = useDisclosure(false)
  const back = useWayBack()
  const single = new Map<string, () => void>([
    ['j', () => stepRow(1)],
    ['k', () => stepRow(-1)],
    ['x', selectRow],
    ['/', search],
    ['?', help.open],
    ['Escape', () => leave(back)],
  ])
  // Before anybody else: a menu that this key closes still counts as open.
  useWindowEvent(
    'keydown',
    (event) => {
      const { key, ctrlKey, metaKey, altKey } = event
      if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return done(event, openCommands)
      const act = single.get(key)
      if (!on || ctrlKey || metaKey || altKey || !act) return
      if (document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]')) return
      const field = typedInto(event.target)
      if (!field) done(event, act)
      else if (key === 'Escape') field.blur()
    },
    { capture: true },
  )
  return (
    <Modal opened={helping} onClose={help.close} title="Keys">
      <dl className={classes.keys}>
        {keys.map(({ press, what }) => (
          <div key={what}>
            <dt>
              {press.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <KeySwitch />
    </Modal>
  )
}

function done(event: KeyboardEvent, act: () => void): void {
  event.preventDefault()
  act()
}

/** The search field of the page, where it has one. */
function search(): void {
  const field = document.querySelector<HTMLInputElement>('main input[data-search]')
  if (!field) openCommands()
  field?.focus()
  field?.select()
}

function leave(back: () => void): void {
  const selection = document.querySelector<HTMLElement>('[data-clear-selection]')
  if (selection) selection.click()
  else if (!leaveRow()) back()
}

const pressed = ['checkbox', 'radio', 'button', 'submit', 'file']

function typedInto(target: EventTarget | null): HTMLElement | null {
  if (!(target instanceof HTMLElement)) return null
  if (target instanceof HTMLInputElement) return pressed.includes(target.type) ? null : target
  return target.isContentEditable || target.matches('textarea, select') ? target : null
}

const keys: { press: string[]; what: string }[] = [
  { press: ['Ctrl', 'K'], what: 'Go to, create, or act on what is open (⌘ K on a Mac)' },
  { press: ['/'], what: 'Search' },
  { press: ['j'], what: 'Next row' },
  { press: ['k'], what: 'Row before' },
  { press: ['Enter'], what: 'Open the row' },
  { press: ['x'], what: 'Select the row' },
  { press: ['Esc'], what: 'Clear the selection, leave the row, go back' },
  { press: ['?'], what: 'This help' },
]

/** Back to where one came from; to the list above where one came by a link. */
function useWayBack(): () => void {
  const path = usePathname()
  const router = useRouter()
  const pages = useRef({ path, seen: 0 })
  useEffect(() => {
    if (pages.current.path !== path) pages.current = { path, seen: pages.current.seen + 1 }
  }, [path])
  return () => {
    const above = path.split('/').slice(0, -1).join('/')
    if (!above) return
    if (pages.current.seen > 0) router.back()
    else router.push(above === '/galleries' ? '/runs' : above)
  }
}

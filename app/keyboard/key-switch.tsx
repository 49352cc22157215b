'use client'
import { Switch } from '@mantine/core'
import { useSingleKeys } from './preference.ts'

/** In the help of the keys, and on the account page. */
export function KeySwitch() {
  const [on, setOn] = useSingleKeys()
  return (
    <Switch
      label="Single keys do something"
      description="j, k, x, / and their like, in this browser; Ctrl K works either way"
      checked={on}
      onChange={(event) => setOn(event.currentTarget.checked)}
    />
  )
}

'use client'
import { Alert } from '@mantine/core'
import { Icon } from '../icons.tsx'

/** Why what was just asked was not done. */
export function Problem({ sentence }: { sentence: string | null }) {
  if (!sentence) return null
  return (
    <Alert color="red" variant="light" icon={<Icon name="alert" />} role="alert">
      {sentence}
    </Alert>
  )
}

import { Button } from '@mantine/core'
import { Icon } from '../icons.tsx'

/** Shows and hides what else there is to a row; `of` names it to those who do not see it. */
export function Unfold({ open, toggle, of }: { open: boolean; toggle: () => void; of: string }) {
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      h={30}
      px={4}
      onClick={toggle}
      aria-expanded={open}
      aria-label={of}
    >
      <Icon name={open ? 'chevronDown' : 'chevronRight'} />
    </Button>
  )
}

'use client'
import { Button } from '@mantine/core'
import { Empty } from './parts/parts.tsx'
import classes from './sign-in/sign-in.module.css'

/** What went wrong is in the logs of the console; here is the way on. */
export default function Broken({ reset }: { reset: () => void }) {
  return (
    <main className={classes.page}>
      <Empty whole title="This page broke" action={<Button onClick={reset}>Try again</Button>}>
        Nothing of your work is lost: what runs goes on without it.
      </Empty>
    </main>
  )
}

'use client'
import { useLayoutEffect } from 'react'

/** The title of the tab, kept: what the server said of the page may come, or come again, after it was set. */
export function useTitle(title: string | null | undefined): void {
  // Of layout: it lets go in the very commit in which another page comes with a title of its own.
  useLayoutEffect(() => {
    if (!title) return
    const keep = () => {
      if (document.title !== title) document.title = title
    }
    keep()
    const watch = new MutationObserver(keep)
    watch.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => watch.disconnect()
  }, [title])
}

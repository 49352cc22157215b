'use client'
import classes from './sheet.module.css'

export function PrintButton() {
  return (
    <button type="button" className={classes.print} onClick={() => window.print()}>
      Print
    </button>
  )
}

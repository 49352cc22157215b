import classes from './sheet.module.css'

/** What was never gone through is gone through at the first look. */
export default function Loading() {
  return (
    <div className={classes.page}>
      <div className={classes.bar} />
      <main id="content" className={classes.sheet} aria-busy="true">
        <h1>Certificate of completeness</h1>
        <p className={classes.lead} role="status">
          Going through every photo. With very many this takes a moment the first time.
        </p>
      </main>
    </div>
  )
}

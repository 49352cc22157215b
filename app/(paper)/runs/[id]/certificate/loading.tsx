import classes from './sheet.module.css'

/** The first look at a large run hashes every row. */
export default function Loading() {
  return (
    <div className={classes.page}>
      <div className={classes.bar} />
      <main id="content" className={classes.sheet} aria-busy="true">
        <h1>Certificate of completeness</h1>
        <p className={classes.lead} role="status">
          Going through every photo of the run. A large one takes a minute the first time.
        </p>
      </main>
    </div>
  )
}

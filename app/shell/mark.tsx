import classes from './shell.module.css'

export function Mark() {
  return (
    <span className={classes.mark}>
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#7a3e9d" />
        <path d="M8 9h10v14H8z" fill="none" stroke="#fff" strokeWidth="2.2" strokeLinejoin="round" opacity=".5" />
        <path
          d="M13 16h11m-4.5-4.5L24 16l-4.5 4.5"
          fill="none"
          stroke="#fff"
          strokeWidth="2.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <span>Pass</span>
    </span>
  )
}

// Line icons on a 24 grid, drawn for this console. Decorative unless a title is given.
const paths = {
  alert: 'M12 4 2.8 20h18.4zM12 10v4M12 17v.5',
  archive: 'M3 5h18v4H3zM5 9v10h14V9M10 13h4',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  check: 'M5 12.5l4.5 4.5L19 7',
  chevronDown: 'M6 9l6 6 6-6',
  chevronLeft: 'M15 6l-6 6 6 6',
  chevronRight: 'M9 6l6 6-6 6',
  circleCheck: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 12.3l2.4 2.4 4.8-5',
  circlePause: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM10 9v6M14 9v6',
  circleStop: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.5h5v5h-5z',
  circleX: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  dashed:
    'M12 3a9 9 0 0 1 3.5.7M19.3 6.8A9 9 0 0 1 21 12M20.3 15.5a9 9 0 0 1-3.5 4.1M13 21a9 9 0 0 1-4.4-.7M5 17.6A9 9 0 0 1 3 13M3.6 8.7A9 9 0 0 1 7 4.5',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  folder: 'M3 6h6l2 2h10v11H3z',
  hidden:
    'M4 4l16 16M9.5 5.6A10 10 0 0 1 12 5.3c5 0 8.5 4 9.5 6.7a12 12 0 0 1-2.7 3.9M6.2 7.4A12 12 0 0 0 2.5 12c1 2.7 4.5 6.7 9.5 6.7 1.5 0 2.9-.4 4.1-1',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5L13 16l2.5-2.5L20 18M15 9.5h.01',
  key: 'M8 15.5a4 4 0 1 1 3.7-5.5H21v3h-2v2h-3v-2h-4.3A4 4 0 0 1 8 15.5zM8 11.5h.01',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  menu: 'M4 7h16M4 12h16M4 17h16',
  monitor: 'M3 5h18v11H3zM9 20h6M12 16v4',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z',
  moving: 'M12 3.5a8.5 8.5 0 1 0 8.5 8.5',
  order: 'M7 20V4M3 8l4-4 4 4M14 6h7M14 12h5M14 18h3',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  plus: 'M12 5v14M5 12h14',
  retry: 'M4 12a8 8 0 1 1 2.5 5.8M4 19v-4.5h4.5',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5',
  signOut: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  skip: 'M5 12a7 7 0 0 1 13.5-2.5M19 4v5.5h-5.5M8 18h8',
  stop: 'M6 6h12v12H6z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19',
  user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c.5-4 4-6 8-6s7.5 2 8 6',
  video: 'M3 6h12v12H3zM15 10.5l6-3v9l-6-3z',
  world: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18',
  x: 'M6 6l12 12M18 6L6 18',
} as const

export type IconName = keyof typeof paths

export function Icon({
  name,
  size = 16,
  title,
  className,
}: {
  name: IconName
  size?: number
  title?: string
  className?: string
}) {
  const named = title ? { role: 'img', 'aria-label': title } : { 'aria-hidden': true }
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it has one where it means something by itself
    <svg
      {...named}
      className={className}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'dots' ? 3.2 : 2}
      strokeLinecap="round"
      strokeLinejoin="round"
      style={{ flex: 'none' }}
    >
      {title && <title>{title}</title>}
      <path d={paths[name]} />
    </svg>
  )
}

'use client'
// A part of the page's own code: of a thousand galleries only what stands in their cells is sent beside the sheet.
import classes from './sheet.module.css'

/** Name, at the provider, with us, safe, size, verdict, root. */
export type GalleryCells = [string, string, string, string, string, string, string]

export function GalleryTable({ rows }: { rows: GalleryCells[] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Gallery</th>
          <th scope="col" className={classes.number}>
            At the provider
          </th>
          <th scope="col" className={classes.number}>
            With us
          </th>
          <th scope="col" className={classes.number}>
            Safe
          </th>
          <th scope="col" className={classes.number}>
            Size
          </th>
          <th scope="col">Verdict</th>
          <th scope="col">Root</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, stated, photos, safe, size, verdict, root], place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a sheet does not change
          <tr key={place}>
            <th scope="row">{name}</th>
            <td className={classes.number}>{stated}</td>
            <td className={classes.number}>{photos}</td>
            <td className={classes.number}>{safe}</td>
            <td className={classes.number}>{size}</td>
            <td className={classes.verdict}>{verdict}</td>
            <td className={classes.hash}>{root}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

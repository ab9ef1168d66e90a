/** A table: its head stays, wide ones scroll in their own frame, and columns of the second rank leave narrow screens. */
import type { ReactNode } from "react"
import styles from "./table.module.css"

/** A column's head. */
export interface Column {
  readonly label: string
  /** Numbers stand at the right. */
  readonly number?: boolean
  /** Left out where there is no room for it. */
  readonly wide?: boolean
  /** Its name is for screen readers alone: what it has in it says what it is. */
  readonly silent?: boolean
}

const classOf = ({ number, wide }: Column): string =>
  [number ? styles.number : "", wide ? styles.wide : ""].filter((name) => name !== "").join(" ")

/** A table of rows; each row has a cell for each column, by `key`. */
export const Table = ({ columns, label, rows }: {
  readonly label: string
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<{ readonly key: string; readonly cells: ReadonlyArray<ReactNode> }>
}): ReactNode => (
  <div className={`card ${styles.frame}`}>
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col" className={classOf(column)}>
              {column.silent ? <span className="visually-hidden">{column.label}</span> : column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ cells, key }) => (
          <tr key={key}>
            {columns.map((column, index) => <td key={column.label} className={classOf(column)}>{cells[index]}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

/** How a screen shows that it loads, has nothing, failed, or shows what is old. */
import { Button } from "@mantine/core"
import type { CSSProperties, ReactNode } from "react"
import { failureOf } from "../api/Client.ts"
import { ownZone, timeIn } from "../format/Time.ts"

/** A grey place of the size of what will stand there, so that nothing jumps. */
export const Bone = ({ height = 16, width = "100%" }: {
  readonly height?: CSSProperties["height"]
  readonly width?: CSSProperties["width"]
}): ReactNode => <div className="bone" style={{ height, width }} aria-hidden="true" />

/** A screen or a list without anything in it: why, and the next step. */
export const Empty = ({ children, title }: { readonly title: string; readonly children?: ReactNode }): ReactNode => (
  <div className="state">
    <h2>{title}</h2>
    {children}
  </div>
)

/** What could not be read, why, and a way to try again. */
export const Failed = ({ error, retry }: { readonly error: unknown; readonly retry: () => unknown }): ReactNode => {
  const { code, message, status } = failureOf(error)
  const missing = status === 404 || status === 410
  return (
    <div className="state" role="alert">
      <h2>{missing ? "There is nothing here" : "That did not work"}</h2>
      <p>{message}</p>
      <p className="faint mono">{code}</p>
      {missing ? null : <Button variant="default" onClick={() => void retry()}>Try again</Button>}
    </div>
  )
}

interface Asked<A> {
  readonly data: A | undefined
  readonly error: unknown
  readonly isError: boolean
  readonly dataUpdatedAt: number
  readonly refetch: () => unknown
}

/** Says that what is shown is old, because it can't be read again now. */
export const Stale = ({ of }: { readonly of: Asked<unknown> }): ReactNode =>
  of.isError && of.data !== undefined
    ? (
      <div className="notice" role="status">
        <span>
          As of {timeIn(new Date(of.dataUpdatedAt), ownZone, "time")}: {failureOf(of.error).message}
        </span>
        <button type="button" className="link-button" onClick={() => void of.refetch()}>Try again</button>
      </div>
    )
    : null

/** What a query answered; its skeleton until then, its failure if there is nothing to show. */
export const Loaded = <A,>({ children, of, skeleton }: {
  readonly of: Asked<A>
  readonly skeleton: ReactNode
  readonly children: (data: A) => ReactNode
}): ReactNode => {
  if (of.data !== undefined) {
    return (
      <>
        <Stale of={of} />
        {children(of.data)}
      </>
    )
  }
  if (of.isError) return <Failed error={of.error} retry={of.refetch} />
  return (
    <div aria-busy="true">
      <span className="visually-hidden" role="status">Loading</span>
      {skeleton}
    </div>
  )
}

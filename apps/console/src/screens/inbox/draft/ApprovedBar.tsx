/** The bar of an approved draft, loaded when it is first needed; beforehand where a decision leads to it. */
import { lazy, type ReactNode, useState } from "react"
import type { Approved } from "./Approved.tsx"

type Bar = typeof Approved

let loaded: Bar | undefined

const load = async (): Promise<{ default: Bar }> => {
  const { Approved } = await import("./Approved.tsx")
  loaded = Approved
  return { default: Approved }
}

const Later = lazy(load)

/** Loads it, if that works now: then it is shown as soon as the draft is approved. */
export const loadApprovedBar = (): Promise<unknown> => load().catch(() => undefined)

/** The bar. What is lazy is shown a moment after what it waits for, even where it is there already. */
export const ApprovedBar = (props: Parameters<Bar>[0]): ReactNode => {
  const [Shown] = useState(() => loaded ?? Later)
  return <Shown {...props} />
}

/** The rest of a list that is read page by page. */
import { Button } from "@mantine/core"
import type { ReactNode } from "react"

/** A button that reads the next page; nothing where there is none. */
export const More = ({ children = "More", of }: {
  readonly of: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly fetchNextPage: () => unknown
  }
  readonly children?: string
}): ReactNode =>
  of.hasNextPage
    ? (
      <div>
        <Button variant="default" loading={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
          {children}
        </Button>
      </div>
    )
    : null

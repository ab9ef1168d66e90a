/** An id by its ends, whole on hover; a press copies it. */
import type { ReactNode } from "react"
import { toast } from "./Toasts.tsx"

const ends = (id: string): string => id.length <= 18 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`

/** An id. */
export const Id = ({ id, whole = false }: { readonly id: string; readonly whole?: boolean }): ReactNode => (
  <button
    type="button"
    className="mono id"
    title={whole ? "Copy" : `${id}: copy`}
    onClick={() =>
      void navigator.clipboard.writeText(id).then(
        () => toast("ok", "Copied."),
        () => toast("bad", "The browser does not let this page copy."),
      )}
  >
    {whole ? id : ends(id)}
  </button>
)

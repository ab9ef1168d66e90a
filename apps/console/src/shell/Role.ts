/** What the role that is signed in may do, for screens below the shell. */
import { useUser } from "./User.ts"

/** Whether actions of operators may be done; a viewer reads the same screens without them. */
export const useIsOperator = (): boolean => useUser().role === "operator"

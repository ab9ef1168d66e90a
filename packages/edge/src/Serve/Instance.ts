/** The header of `/readyz` that repeats the `STINT_INSTANCE` which a supervisor gave to its child. */
export const instanceHeader = "x-stint-instance"

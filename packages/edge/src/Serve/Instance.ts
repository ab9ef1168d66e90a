/** The header of `/readyz` with the `STINT_INSTANCE` that the supervisor gave to this process. */
export const instanceHeader = "x-stint-instance"

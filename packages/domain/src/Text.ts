/** Text that is shown or stored in a bounded place. */

/** Text of at most so many UTF-16 code units: what is longer is cut and ends with "…". No surrogate is left without its other half. */
export const clipped = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 0))}…`.toWellFormed()

/** A customer as its readers get it. */
import type { CustomerRow } from "./Row.ts"

/** Leaves out what is null. */
export const customerOnWire = ({ gst_number, website, ...customer }: CustomerRow) => ({
  ...customer,
  ...website === null ? {} : { website },
  ...gst_number === null ? {} : { gst_number },
})

/** A row of `customer_entity`. */
import { ContactMethod } from "@stint/domain/hiring/Customers"
import { CustomerId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

/** A customer; `customer_id` is the subject of its tokens, or a new id where an operator stored the record. */
export const CustomerRow = Schema.Struct({
  customer_id: CustomerId,
  full_name: Schema.String,
  email: Schema.String,
  phone: Schema.String,
  business_name: Schema.String,
  business_industry: Schema.String,
  business_address: Schema.String,
  website: Schema.NullOr(Schema.String),
  gst_number: Schema.NullOr(Schema.String),
  preferred_contact_method: ContactMethod,
  consent: Schema.Boolean,
  /** When an operator made or verified its contacts; null: they are the customer's own word. */
  verified_at: Schema.NullOr(InstantColumn),
  created_at: InstantColumn,
  updated_at: InstantColumn,
})
export type CustomerRow = typeof CustomerRow.Type

/** Customers as a business: who they are and how they are reached (domain.md, "Who owns which table"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { Email, filled, Phone } from "../Contact.ts"
import { CustomerId } from "../Ids.ts"
import { CustomerNotFound, faultFields, problem } from "../Problem.ts"
import { created, IdempotencyHeader, Instant, listOf, NoFields, pageQuery } from "../Protocol.ts"

/** How a customer prefers to be reached. */
export const ContactMethod = Schema.Literals(["email", "phone"])
export type ContactMethod = typeof ContactMethod.Type

/** A customer's data; the e-mail address is lower-cased, the phone number loses its spaces. */
export const NewCustomer = Schema.Struct({
  full_name: filled(200),
  email: Email,
  phone: Phone,
  business_name: filled(200),
  business_industry: filled(200),
  business_address: filled(1000),
  website: Schema.optionalKey(filled(2048)),
  gst_number: Schema.optionalKey(filled(32)),
  preferred_contact_method: ContactMethod,
  consent: Schema.Boolean,
})
export type NewCustomer = typeof NewCustomer.Type

/** A customer's record on the wire. */
export const Customer = Schema.Struct({
  customer_id: CustomerId,
  ...NewCustomer.fields,
  verified_at: Schema.NullOr(
    Instant.annotate({ description: "When an operator made or verified the contacts; null: the customer's own word" }),
  ),
  created_at: Instant,
  updated_at: Instant,
}).annotate({ identifier: "Customer" })
export type Customer = typeof Customer.Type

/**
 * 409: the customer has a record already or, for operators alone, another verified customer has the e-mail address or the
 * phone number; `errors` names each.
 */
export class CustomerExists extends problem<CustomerExists>()("CustomerExists", {
  code: "customer_exists",
  status: 409,
  title: "The customer exists already",
}, faultFields) {}

const readers = ["customer", "operator", "viewer"] as const

/** Endpoints of customers. */
export class CustomersGroup extends HttpApiGroup.make("customers")
  .annotate(OpenApi.Title, "Customers")
  .annotate(
    OpenApi.Description,
    "Who the customers are and how they are reached. A customer sees only its own record.",
  )
  .add(
    HttpApiEndpoint.post("create", "/", {
      headers: IdempotencyHeader,
      payload: NewCustomer,
      success: created(Customer),
      error: CustomerExists,
    }).annotate(Access, ["customer", "operator"])
      .annotate(OpenApi.Summary, "Make a customer's record")
      .annotate(
        OpenApi.Description,
        "A customer makes its own, under its subject; its contacts are its own word until an operator verifies " +
          "them, and block nobody's. An operator makes one under a new id, with verified contacts. 409 " +
          "customer_exists when the customer has a record already and, for operators, when another verified " +
          "customer has the e-mail address or the phone number. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("list", "/", {
      query: { email: Schema.optionalKey(Email), ...pageQuery },
      success: listOf(Customer),
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List customers")
      .annotate(
        OpenApi.Description,
        "Operators and viewers see all, a customer its own record; `email` finds one by its address.",
      ),
    HttpApiEndpoint.get("get", "/:id", { params: { id: CustomerId }, success: Customer, error: CustomerNotFound })
      .annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a customer")
      .annotate(
        OpenApi.Description,
        "A customer gets its own record, operators and viewers any; another customer's is 404.",
      ),
    HttpApiEndpoint.post("verify", "/:id/verify", {
      params: { id: CustomerId },
      headers: IdempotencyHeader,
      payload: NoFields,
      success: Customer,
      error: [CustomerNotFound, CustomerExists],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Verify a customer's contacts")
      .annotate(
        OpenApi.Description,
        "Operators only, once they know that the e-mail address and the phone number are the customer's. 409 " +
          "customer_exists when another verified customer has one of them. It is logged. A verified one stays as it is.",
      ),
  )
  .prefix("/customers") {}

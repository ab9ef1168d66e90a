/** E-mail addresses and phone numbers, normalised so that equal ones compare equal. */
import { Schema, SchemaTransformation } from "effect"

const normalised = (
  normalise: (given: string) => string,
  check: { readonly pattern: RegExp; readonly message: string },
  shown: { readonly description: string; readonly examples: readonly [string] },
) =>
  Schema.String.annotate(shown).pipe(
    Schema.decodeTo(
      Schema.String.check(Schema.isPattern(check.pattern, { message: check.message })),
      SchemaTransformation.transform({ decode: normalise, encode: (kept) => kept }),
    ),
  )

/** An e-mail address, trimmed and in lower case (api.md, "POST /customers"); at most 254 characters. */
export const Email = normalised(
  (given) => given.trim().toLowerCase(),
  {
    pattern: /^(?=.{3,254}$)[^\s\p{C}@]+@[^\s\p{C}@]+$/u,
    message: "must be an e-mail address: name@host, at most 254 characters",
  },
  { description: "An e-mail address; kept in lower case", examples: ["asha@sunrise-clinic.example"] },
)

/** A phone number without spaces (api.md, "POST /customers"): digits, `-`, `.` and brackets, with or without a leading `+`. */
export const Phone = normalised(
  (given) => given.replaceAll(/\s/gu, ""),
  {
    pattern: /^\+?(?=(?:[^0-9]*[0-9]){5})[0-9().-]{5,32}$/,
    message: "must be a phone number: 5 to 32 digits, which may have + before and - . ( ) among them",
  },
  { description: "A phone number; kept without spaces", examples: ["+919876543210"] },
)

/** Text that is not blank, of at most `max` characters. */
export const filled = (max: number) =>
  Schema.String.check(
    Schema.isPattern(/\S/u, { message: "must not be blank" }),
    Schema.isMaxLength(max, { message: `must have at most ${max} characters` }),
  )

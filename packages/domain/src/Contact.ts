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

/**
 * An e-mail address that messages are sent to: what `Email` takes, and of that one plain address alone, without quotes, comments,
 * display name or a second address, so that every mail server reads it as it was meant.
 */
export const MailAddress = normalised(
  (given) => given.trim().toLowerCase(),
  {
    pattern:
      /^(?=.{3,254}$)(?=[^@]{1,64}@)[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*@(?=.{1,253}$)(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)*[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u,
    message: "must be one e-mail address, name@host, without a display name, of at most 254 characters",
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

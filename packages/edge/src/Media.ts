/** How a body may be sent: as JSON in UTF-8, without a coding (RFC 9110 8.3 and 8.4). */
import { UnsupportedMediaType } from "@stint/domain/Problem"
import { Result } from "effect"

const utf8 = /^"?utf-?8"?$/i

/** Fails for another media type, another charset, or a Content-Encoding: the bytes are read as they come. */
export const mediaOf = (
  headers: Readonly<Record<string, string | undefined>>,
): Result.Result<void, UnsupportedMediaType> => {
  const refuse = (detail: string) => Result.fail(new UnsupportedMediaType({ detail }))
  const coding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
  if (coding !== "" && coding !== "identity") return refuse("Send the body without a Content-Encoding")
  const type = headers["content-type"]
  if (type === undefined) return Result.void
  const [name, ...parameters] = type.split(";").map((part) => part.trim())
  if (name!.toLowerCase() !== "application/json") return refuse("Send content-type: application/json")
  const charset = parameters.find((part) => /^charset\s*=/i.test(part))?.split("=")[1]?.trim()
  return charset === undefined || utf8.test(charset) ? Result.void : refuse("Send the body in UTF-8")
}

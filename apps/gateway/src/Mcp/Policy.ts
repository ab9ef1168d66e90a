/** Pure: what a client of MCP is told of a refusal. */
import { Option, Schema } from "effect"

/** The parts of a problem (RFC 9457) that say what is to be done. */
const Problem = Schema.Struct({
  code: Schema.String,
  title: Schema.String,
  detail: Schema.optionalKey(Schema.String),
  errors: Schema.optionalKey(Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))),
})

const decode = Schema.decodeUnknownOption(Problem)

/** A refusal in one sentence: status, code, and what is wrong where. */
export const refusalOf = (status: number, answer: unknown): string =>
  Option.match(decode(answer), {
    onNone: () => `${status}: no reason was given`,
    onSome: ({ code, detail, errors = [], title }) =>
      [`${status} ${code}: ${title}`, detail, ...errors.map(({ message, path }) => `${path} ${message}`)]
        .filter((part) => part !== undefined && part !== "").join("; "),
  })

const decodeDraft = Schema.decodeUnknownOption(Schema.Struct({ review_status: Schema.String }))

/** Why an edit of a draft is not proposed; undefined where it can be. An edit would take an approval back, which is a person's to do. */
export const editFault = (draft: unknown): string | undefined =>
  Option.match(decodeDraft(draft), {
    onNone: () => "The draft can't be read",
    onSome: ({ review_status }) =>
      review_status === "pending_review"
        ? undefined
        : `409 not_editable: the draft is ${review_status}; only one that waits for a decision is edited here`,
  })

/** What the server refuses without a word, by method and status. */
const unexplained: Readonly<Record<string, string>> = {
  "POST 400": "JSON-RPC batches are not supported: send one message a request",
  "DELETE 400": "Mcp-Session-Id is required: it names the session to end",
  "POST 403": "Pages of other sites may not ask here: Origin must be this one",
  "DELETE 403": "Pages of other sites may not ask here: Origin must be this one",
  "POST 406": "Accept must name application/json and text/event-stream",
}

/** An answer, with the error of JSON-RPC that says why where the server refused without a body. */
export const explained = ({ method }: Pick<Request, "method">, answer: Response): Response => {
  const { headers, status } = answer
  const message = headers.get("content-type") === null ? unexplained[`${method} ${status}`] : undefined
  // Invalid Request
  return message === undefined
    ? answer
    : Response.json({ jsonrpc: "2.0", id: null, error: { code: -32600, message } }, { status })
}

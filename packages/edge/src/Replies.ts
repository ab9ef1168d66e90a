/** Replies of handlers. */
import { HttpApiSchema } from "effect/http-api"

/** 201 with a Location header. */
export const madeAt = <A>(location: string, body: A) => HttpApiSchema.withHeaders({ body, headers: { location } })

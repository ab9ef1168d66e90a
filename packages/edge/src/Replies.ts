/** How handlers answer when they made something. */
import { HttpApiSchema } from "effect/http-api"

/** 201 with Location. */
export const madeAt = <A>(location: string, body: A) => HttpApiSchema.withHeaders({ body, headers: { location } })

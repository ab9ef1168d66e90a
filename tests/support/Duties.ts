/** What a person may not do: every endpoint that changes something and that a customer may call, asked by a person who may only read. */
import { Access } from "@stint/domain/Caller"
import { Context, Option } from "effect"
import { HttpApi } from "effect/http-api"
import type { Answer, Send } from "./Service.ts"

/** By endpoint, the duty that its refusal names (403 duty_missing); none where it may be called with the duty reader. */
export const dutiesAsked = async (
  api: unknown,
  call: (method: string, path: string, send: Send) => Promise<Answer>,
): Promise<Readonly<Record<string, string>>> => {
  const doors: Array<readonly [method: string, path: string]> = []
  HttpApi.reflect(api as HttpApi.HttpApi<string, never>, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const roles = Option.getOrElse(Context.getOption(endpoint.annotations, Access), (): ReadonlyArray<string> => [])
      if (endpoint.method !== "GET" && roles.includes("customer")) doors.push([endpoint.method, endpoint.path])
    },
  })
  const asked: Record<string, string> = {}
  for (const [method, path] of doors) {
    const { json, status } = await call(method, path.replaceAll(/:\w+/g, "X-1"), {
      as: "customer:acme/rita?reader",
      body: {},
      headers: { "idempotency-key": crypto.randomUUID() },
    })
    const refusal = status === 403 && json.code === "duty_missing" ? json.duty : "none"
    asked[`${method} ${path.replace("/api/v1", "")}`] = refusal
  }
  return asked
}

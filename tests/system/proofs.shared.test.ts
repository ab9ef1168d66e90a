/** The quick form of the proofs that CI runs on one stack. */
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { holds, sharing } from "../support/Proving.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { openSuperuser, type Superuser } from "../support/Superuser.ts"

describe("npm run prove, on one stack", () => {
  let stack: Stack
  let superuser: Superuser
  beforeAll(async () => {
    stack = await startStack()
    superuser = await openSuperuser(stack.home)
  })
  afterAll(async () => {
    await superuser?.close()
    await stack?.stop()
  })

  holds(sharing, () => ({ stack, superuser }))
})

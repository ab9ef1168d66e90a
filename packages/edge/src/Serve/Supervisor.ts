/**
 * The pipe from a supervisor (`STINT_SUPERVISED=1`) to a service's standard input. Its first line, a JSON object, says
 * that the service may begin, and gives the variables that were not known, or too secret for an environment, when the
 * process was made: so a service loads its code while its database still starts. This module waits for it. The end of the
 * pipe is the supervisor's death.
 */

const input = Deno.env.get("STINT_SUPERVISED") === "1"
  ? Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader()
  : undefined

const firstLine = async (): Promise<Record<string, string>> => {
  if (input === undefined) return {}
  let text = ""
  while (!text.includes("\n")) {
    const { done, value } = await input.read()
    if (done) Deno.exit(0)
    text += value
  }
  return JSON.parse(text)
}

/** Whether there is a supervisor. */
export const supervised = input !== undefined

/** The variables that the supervisor gave. */
export const given: Readonly<Record<string, string>> = await firstLine()

/** Fulfilled when the supervisor is gone; never without one. */
export const orphaned = async (): Promise<void> => {
  if (input === undefined) return await new Promise<void>(() => {})
  while (!(await input.read().catch(() => ({ done: true }))).done);
}

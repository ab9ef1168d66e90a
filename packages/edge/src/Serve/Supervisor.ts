/**
 * A supervisor (`STINT_SUPERVISED=1`) writes to the standard input of the service. The first line tells the service to
 * begin: a JSON object of variables that were not known, or too secret for the environment, when the process started. So
 * the service loads its code while its database still starts. The end of the input means that the supervisor is dead.
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

/** The variables that the supervisor sends; empty without one. */
export const given: Promise<Readonly<Record<string, string>>> = firstLine()

/** Fulfilled when the supervisor is dead; never without one. */
export const orphaned = async (): Promise<void> => {
  if (input === undefined) return await new Promise<void>(() => {})
  while (!(await input.read().catch(() => ({ done: true }))).done);
}

/** Lines for a person, written one after the other and never waited for: a terminal that is held up holds up nothing else. */

import { printable } from "@stint/edge/Printable"

/** How many lines may wait; a reader that is further behind misses some, and is told so. */
const LONGEST = 10_000

/** A line of a command on standard output: what it quotes of a service, a database or a file can't begin another. */
export const say = (line: string): void => console.log(printable(line))

/** Such a line on standard error. */
export const complain = (line: string): void => console.error(printable(line))

/** Where lines go. */
export interface Output {
  line(text: string): void
  /** Fulfilled when all lines so far are written, or nobody can read them any more, or after a second. */
  flush(): Promise<void>
}

/** Writes to standard output, or to what a test puts in its place. */
export const standardOutput = (
  sink: (bytes: Uint8Array) => Promise<number> = (bytes) => Deno.stdout.write(bytes),
): Output => {
  const encoder = new TextEncoder()
  const waiting: Array<string> = []
  let missed = 0
  let writing: Promise<void> | undefined
  const write = async () => {
    try {
      while (waiting.length > 0) {
        const text = waiting.splice(0).join("\n")
        const note = missed === 0 ? "" : `... ${missed} lines left out\n`
        missed = 0
        const bytes = encoder.encode(`${text}\n${note}`)
        for (let at = 0; at < bytes.length;) at += await sink(bytes.subarray(at))
      }
    } catch {
      // A reader that went away is no reason to end
      waiting.length = 0
    }
    // At once, not when the promise is settled: a line that came in between would wait for the next one
    writing = undefined
  }
  return {
    line: (text) => {
      if (waiting.length >= LONGEST) missed++
      else waiting.push(printable(text))
      writing ??= write()
    },
    flush: () => Promise.race([writing, new Promise<void>((resolve) => setTimeout(resolve, 1_000))]).then(() => {}),
  }
}

/** An output that keeps lines back. */
export interface Withholding extends Output {
  /** Writes `first`, if given, then what was kept; nothing is kept back from now on. */
  release(first?: string): void
}

/** Keeps back the lines that match until they are released: whoever waits for a word must not find it too early. */
export const withholding = (output: Output, pattern: RegExp): Withholding => {
  let kept: Array<string> | undefined = []
  return {
    line: (text) => void (kept !== undefined && pattern.test(text) ? kept.push(text) : output.line(text)),
    flush: () => output.flush(),
    release: (first) => {
      const lines = [...(first === undefined ? [] : [first]), ...(kept ?? [])]
      kept = undefined
      lines.forEach((line) => output.line(line))
    },
  }
}

/** The lines of a stream, as they come; what follows the last line break is a line too. */
export const linesOf = async (
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> => {
  let rest = ""
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n")
    rest = lines.pop()!
    lines.forEach(take)
  }
  if (rest !== "") take(rest)
}

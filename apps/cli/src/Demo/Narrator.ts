/** Tells what happens: for a person as it happens, and for the report at the end. */
import { DemoError } from "./DemoError.ts"
import type { Terminal } from "./Terminal.ts"

/** A line of the story: milliseconds since the start, who, what. */
export interface Line {
  readonly at_ms: number
  readonly who: string
  readonly text: string
}

/** A scene of the story, as the report has it. */
export interface Step {
  readonly name: string
  readonly title: string
  readonly at_ms: number
  ms: number
  readonly lines: Array<Line>
}

/** Whatever is told, waits for a moment afterwards when a person is watching. */
export interface Narrator {
  readonly steps: ReadonlyArray<Step>
  /** Milliseconds since the start. */
  elapsed(): number
  scene(name: string, title: string): void
  says(who: string, text: string): Promise<void>
  /** A refusal that belongs to the story: as a service answered. */
  refused(who: string, text: string): Promise<void>
  /** A check that did not hold. */
  failed(what: string, expected: string, got: string): Promise<void>
  /** A document to read. */
  shows(title: string, lines: ReadonlyArray<string>, footer: string): Promise<void>
  /** Replaces itself until the next line comes; only where a terminal can do that. */
  meanwhile(text: string): void
  /** Waits; fails with the signal's reason when the demo is over. */
  pause(milliseconds: number): Promise<void>
}

/** How long a person may look at a line, and at a document, in milliseconds. */
const LINE_MS = 180
const DOCUMENT_MS = 1_500

/** Ids are long and alike; their ends tell them apart. */
export const shortIds = (text: string): string => text.replace(/\b([A-Z]{3})-[0-9a-f-]{32}([0-9a-f]{4})\b/g, "$1-…$2")

/** A narrator; without a terminal it only keeps the record. */
export const makeNarrator = (terminal: Terminal | undefined, signal: AbortSignal): Narrator => {
  const began = performance.now()
  const steps: Array<Step> = []
  const elapsed = () => Math.round(performance.now() - began)
  const pause = (milliseconds: number) =>
    new Promise<void>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", end)
        resolve()
      }, milliseconds)
      if (signal.aborted) end()
      else signal.addEventListener("abort", end, { once: true })
    })
  const beat = async (milliseconds: number): Promise<void> => {
    // Whoever waits for more than a moment is told that the demo is over; a line is not
    if (terminal?.isWatched === true) await pause(milliseconds).catch(() => {})
  }
  const record = (who: string, text: string): Line => {
    const step = steps.at(-1)
    if (step === undefined) throw new DemoError("A line stands in no scene.")
    const line = { at_ms: elapsed(), who, text: shortIds(text) }
    step.lines.push(line)
    step.ms = line.at_ms - step.at_ms
    return line
  }
  return {
    steps,
    elapsed,
    pause,
    scene: (name, title) => {
      steps.push({ name, title, at_ms: elapsed(), ms: 0, lines: [] })
      terminal?.scene(steps.length, title)
    },
    says: async (who, text) => {
      // Recorded first: without a terminal the arguments of its call would not be evaluated
      const line = record(who, text)
      terminal?.line(line)
      await beat(LINE_MS)
    },
    refused: async (who, text) => {
      const line = record(who, text)
      terminal?.line(line, "refusal")
      await beat(LINE_MS * 3)
    },
    failed: async (what, expected, got) => {
      const line = record("check", `does not hold: ${what}; expected ${expected}; got ${got}`)
      terminal?.line(line, "failure")
      await beat(LINE_MS)
    },
    shows: async (title, lines, footer) => {
      const { text } = record("", [title, ...lines, footer].join("\n"))
      terminal?.document(text.split("\n"))
      await beat(DOCUMENT_MS)
    },
    meanwhile: (text) => terminal?.meanwhile(elapsed(), text),
  }
}

/** What a command reads and writes: data on standard output, all else on standard error. A test puts its own in its place. */
import { printable } from "@stint/edge/Printable"

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>

/** Where a command runs. */
export interface Io {
  readonly env: Env
  /** Whether a person sees standard output, and whether one reads and answers what stands on standard error. */
  readonly isTerminal: { readonly out: boolean; readonly dialogue: boolean }
  /** The width of the terminal on standard output; undefined when it is none: nothing is cut then. */
  readonly columns: number | undefined
  readonly isColoured: boolean
  /** Ends what follows or waits: a person pressed Ctrl-C. */
  readonly signal: AbortSignal
  readonly fetch: typeof globalThis.fetch
  /** Data: a line on standard output. It quotes others: what it holds can't begin another one. */
  out(line: string): void
  /** A line on standard output in which what is quoted was escaped before: it may have colours. */
  painted(line: string): void
  /** A line on standard error. */
  err(line: string): void
  /** A line on standard error that the next one replaces; empty takes it away. Only on a terminal. */
  transient(line: string): void
  /** Asks a person on standard error; the answer without the blanks around it. A `hidden` one is not shown as it is typed. */
  ask(question: string, hidden?: boolean): Promise<string>
  /** All of standard input. */
  read(): Promise<string>
  /** The lines of standard input, as they come, until it ends or `signal` aborts. */
  lines(): AsyncIterable<string>
  /** Waits so many milliseconds, or until `signal` aborts. */
  pause(ms: number): Promise<void>
}

/** Writes a text. False when nobody reads it any more. */
const write = (to: typeof Deno.stdout, text: string): boolean => {
  const bytes = new TextEncoder().encode(text)
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at))
    return true
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false
    throw error
  }
}

/** What ends a line: on a raw terminal a return, and the keys Ctrl-C and Ctrl-D, which are no signals there. */
const INTERRUPT = "\u0003"
const ends = ["\r", "\n", INTERRUPT, "\u0004"]

/** A line of standard input without the blanks around it; empty when it was interrupted. */
const readLine = async (): Promise<string> => {
  const decoder = new TextDecoder()
  const chunk = new Uint8Array(8_192)
  let text = ""
  while (!ends.some((end) => text.includes(end))) {
    const size = await Deno.stdin.read(chunk)
    if (size === null) break
    text += decoder.decode(chunk.subarray(0, size), { stream: true })
  }
  if (text.includes(INTERRUPT)) return ""
  const [end = text.length] = ends.map((end) => text.indexOf(end)).filter((at) => at >= 0).toSorted((a, b) => a - b)
  return text.slice(0, end).trim()
}

/** The same while the terminal does not show what is typed. */
const readHidden = async (): Promise<string> => {
  Deno.stdin.setRaw(true)
  try {
    return await readLine()
  } finally {
    Deno.stdin.setRaw(false)
    write(Deno.stderr, "\n")
  }
}

/** The lines of a stream, as they come. */
async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): AsyncIterable<string> {
  let rest = ""
  const reader = bytes.pipeThrough(new TextDecoderStream()).getReader()
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {}))
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const lines = (rest + chunk.value).split("\n")
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== "") yield rest
}

/** Signals that come together are one: a terminal and the program above this one each pass on the same Ctrl-C. */
const TOGETHER_MS = 500

/** A Ctrl-C aborts; one after it ends the process. */
const abortOnInterrupt = (ending: AbortController): void => {
  let first: number | undefined
  Deno.addSignalListener("SIGINT", () => {
    first ??= Date.now()
    ending.abort()
    if (Date.now() - first > TOGETHER_MS) Deno.exit(130)
  })
}

/** The process's own. */
export const standardIo = (): Io => {
  const env = Deno.env.toObject()
  const out = Deno.stdout.isTerminal()
  const dialogue = Deno.stdin.isTerminal() && Deno.stderr.isTerminal()
  const ending = new AbortController()
  let interrupting = false
  // Who has closed standard output waits for nothing more of it
  const say = (text: string) => {
    if (!write(Deno.stdout, text)) ending.abort()
  }
  const isColoured = out && !env.NO_COLOR && env.TERM !== "dumb"
  return {
    env,
    isTerminal: { out, dialogue },
    columns: out ? Deno.consoleSize().columns || 80 : undefined,
    isColoured,
    get signal() {
      // Only a command that looks takes Ctrl-C into its own hands: the others end by it
      if (!interrupting) abortOnInterrupt(ending)
      interrupting = true
      return ending.signal
    },
    fetch: globalThis.fetch,
    out: (line) => say(`${printable(line)}\n`),
    painted: (line) => say(`${line}\n`),
    err: (line) => void write(Deno.stderr, `${printable(line)}\n`),
    transient: (line) => {
      if (Deno.stderr.isTerminal()) write(Deno.stderr, `\r\x1b[K${printable(line)}`)
    },
    ask: async (question, hidden = false) => {
      write(Deno.stderr, `${printable(question)} `)
      return await (hidden ? readHidden() : readLine())
    },
    read: () => new Response(Deno.stdin.readable).text(),
    lines() {
      return linesOf(Deno.stdin.readable, this.signal)
    },
    pause: (ms) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          ending.signal.removeEventListener("abort", done)
          resolve()
        }
        const timer = setTimeout(done, ending.signal.aborted ? 0 : ms)
        ending.signal.addEventListener("abort", done)
      }),
  }
}

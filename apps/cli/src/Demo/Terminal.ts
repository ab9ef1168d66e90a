/** Lines for a person: aligned, short, in colour where that is wanted. */
import type { Line } from "./Narrator.ts"

/** Where the story is told. */
export interface Terminal {
  /** Whether a person sees it as it happens. */
  readonly isWatched: boolean
  title(text: string, about: string): void
  scene(number: number, title: string): void
  line(line: Line, tone?: "refusal" | "failure"): void
  document(lines: ReadonlyArray<string>): void
  /** A line that the next one replaces. */
  meanwhile(at_ms: number, text: string): void
  verdict(held: boolean, detail: string, more?: string): void
  plain(text: string): void
  /** Fulfilled when all is written, or nobody reads any more. */
  flush(): Promise<void>
}

/** Widths of the columns of time and speaker. */
const TIME = 8
const WHO = 16
const INDENT = TIME + 2 + WHO + 1

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const
type Colour = keyof typeof codes

const colourOf = (who: string): Colour =>
  who.startsWith("Asha") ? "cyan" : who.startsWith("Olga") ? "magenta" : who === "webhook" ? "green" : "yellow"

/** Breaks a text at its spaces into lines of at most so many characters; a longer word stands alone. */
export const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === "" ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

const secondsOf = (at_ms: number): string => `${(at_ms / 1000).toFixed(1)} s`.padStart(TIME)

/** Writes in order and waits for nobody: a terminal that is held up holds up no scene. */
const writer = () => {
  const encoder = new TextEncoder()
  let last: Promise<void> = Promise.resolve()
  const write = async (text: string) => {
    const bytes = encoder.encode(text)
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at))
  }
  return {
    // A reader that went away is no reason to end
    write: (text: string) => void (last = last.then(() => write(text)).catch(() => {})),
    flush: () => Promise.race([last, new Promise<void>((resolve) => setTimeout(resolve, 1_000))]),
  }
}

/** Standard output: colours and pauses only on a terminal, colours only without NO_COLOR. */
export const standardTerminal = (env: Readonly<Record<string, string | undefined>>): Terminal => {
  const isWatched = Deno.stdout.isTerminal()
  const isColoured = isWatched && !env.NO_COLOR
  const { flush, write } = writer()
  const columns = isWatched ? Math.max(60, Math.min(Deno.consoleSize().columns, 120)) : 110
  const paint = (colour: Colour, text: string) => isColoured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text
  let transient = false
  const print = (text: string) => {
    write(`${transient ? "\r\x1b[K" : ""}${text}\n`)
    transient = false
  }
  const row = (time: string, who: string, text: string, tone?: "refusal" | "failure") => {
    const [first = "", ...rest] = wrap(text, columns - INDENT)
    const paintText = (part: string) => tone === undefined ? part : paint("red", part)
    print(`${paint("dim", time)}  ${paint(colourOf(who), who.padEnd(WHO))} ${paintText(first)}`)
    for (const part of rest) print(`${" ".repeat(INDENT)}${paintText(part)}`)
  }
  return {
    isWatched,
    flush,
    title: (text, about) => print(`\n${paint("bold", text)}\n${wrap(about, columns).join("\n")}`),
    scene: (number, title) => print(`\n${paint("bold", `${number}. ${title}`)}`),
    line: ({ at_ms, text, who }, tone) => row(secondsOf(at_ms), who, text, tone),
    document: (lines) => {
      const bar = (corner: string) => `${" ".repeat(INDENT)}${paint("dim", corner)}`
      const [title = "", ...rest] = lines
      const footer = rest.pop() ?? ""
      for (const [index, part] of wrap(title, columns - INDENT - 2).entries()) {
        print(`${bar(index === 0 ? "┌" : "│")} ${paint("bold", part)}`)
      }
      for (const line of rest) {
        const indent = /^ */.exec(line)![0]
        for (const part of wrap(line.trimStart(), columns - INDENT - 2 - indent.length)) {
          print(`${bar("│")} ${indent}${part}`.trimEnd())
        }
      }
      print(`${bar("└")} ${paint("dim", footer)}`)
    },
    meanwhile: (at_ms, text) => {
      if (!isWatched) return
      write(`\r\x1b[K${paint("dim", `${secondsOf(at_ms)}  ${" ".repeat(WHO)} ${text.slice(0, columns - INDENT)}`)}`)
      transient = true
    },
    verdict: (held, detail, more) => {
      const [first = "", ...rest] = wrap(detail, columns - 4)
      print(`  ${paint(held ? "green" : "red", held ? "✓" : "✗")} ${first}`)
      for (const part of rest) print(`    ${part}`)
      if (more !== undefined) { for (const part of wrap(more, columns - 4)) print(`    ${paint("red", part)}`) }
    },
    plain: (text) => print(text),
  }
}

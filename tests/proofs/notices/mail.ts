/**
 * The mail server of the proof `notices`, a process to kill: each message that it takes is a line of a file before it says so. Until
 * there is a file beside it whose name ends with `.says`, it takes them and says nothing.
 */
import { appendFileSync, existsSync } from "node:fs"
import process from "node:process"
import { SMTPServer } from "smtp-server"

const [port, file] = process.argv.slice(2)

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData: (stream, session, done) => {
    const chunks: Array<Uint8Array> = []
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk))
    stream.on("end", () => {
      const raw = chunks.map((chunk) => new TextDecoder().decode(chunk)).join("")
      const to = session.envelope.rcptTo.map(({ address }) => address)
      appendFileSync(file!, `${JSON.stringify({ at: Date.now(), to, raw })}\n`)
      // taken, and not said yet: who is killed now does not know
      if (existsSync(`${file}.says`)) setTimeout(done, 150)
    })
  },
})
// what a killed service left open
server.on("error", () => {})
server.listen(Number(port), "127.0.0.1")

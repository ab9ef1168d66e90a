/** Dies as by kill -9 while it makes the data of the home given: the moment is the second argument. */
import { startPostgres } from "../../src/Postgres.ts"
import { fromPrepared } from "../../src/Prepared.ts"

const [home, moment] = Deno.args
const die = () => Deno.kill(Deno.pid, "SIGKILL")

await startPostgres({
  home: home!,
  log: () => {},
  make: async (data) => {
    // The password of the superuser is read when all passwords are about to be set
    const record = {
      ...data.record,
      get password(): string {
        if (moment === "before the passwords are set") die()
        return data.record.password
      },
    }
    await fromPrepared()({ ...data, record })
    die()
  },
})

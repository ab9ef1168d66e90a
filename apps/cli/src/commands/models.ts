import { remote } from "../Remote/Command.ts"

/** `stint models`: the language models that write drafts. */
export const models = remote({
  about: "The language models of STINT_MODELS (docs/models.md): what stands behind each alias, and whether it answers.",
  actions: {
    list: { about: "each with what it makes now, what waits for it, and since when it is away" },
    check: {
      about:
        "as an operator, asks a model a question of a few tokens, which its provider may charge for; all models unless ALIAS says " +
        "which; exit status 1 when one does not answer",
      operands: ["[ALIAS]"],
    },
  },
  load: () => import("./models/Handlers.ts"),
})

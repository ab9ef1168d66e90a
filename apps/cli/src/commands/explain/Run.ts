import { GoalInstanceId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { given, only, required, type Session, whole } from "../../Remote/Session.ts"

/** Asks the scheduler, and says the sentence and its reasons. */
export const explained = async (session: Session): Promise<number> => {
  const { flags, io } = session
  const params = { id: required(GoalInstanceId, "--goal", flags.goal) }
  const query = only({ at: given(Instant, "--at", flags.at) })
  const answer = await session.ask(
    SchedulerApi,
    "scheduler",
    ({ answers }) => answers.explain({ params, query, ...whole }),
  )
  session.show(
    answer,
    ({ value: { because, sentence } }) => [sentence, ...because.map((line) => `  ${line}`)].forEach(io.out),
  )
  return 0
}

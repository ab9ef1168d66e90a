/** The scheduler's contract: when an agent runs. */
import { ActionLogGroup } from "./ActionLog.ts"
import { AnswersGroup } from "./Answers.ts"
import { BackfillGroup } from "./Backfill.ts"
import { documentOf } from "../Document.ts"
import { DeadLettersGroup } from "./DeadLetters.ts"
import { FiguresGroup } from "./Figures.ts"
import { LimitsGroup } from "./Limits.ts"
import { serviceApi } from "../ServiceApi.ts"
import { OutcomesGroup } from "./Outcomes.ts"
import { PausesGroup } from "./Pauses.ts"
import { ReplicasGroup } from "./Replicas.ts"
import { RunsGroup } from "./Runs.ts"
import { SchedulerHealthGroup } from "./Health.ts"
import { SimulationGroup } from "./Simulation.ts"
import { TriggersGroup } from "./Triggers.ts"
import { UpcomingGroup } from "./Upcoming.ts"

/** The API of the scheduler. */
export class SchedulerApi extends serviceApi(
  "scheduler",
  PausesGroup,
  TriggersGroup,
  ActionLogGroup,
  BackfillGroup,
  RunsGroup,
  AnswersGroup,
  UpcomingGroup,
  SimulationGroup,
  DeadLettersGroup,
  LimitsGroup,
  OutcomesGroup,
  SchedulerHealthGroup,
  FiguresGroup,
  ReplicasGroup,
)
  .annotateMerge(
    documentOf({ title: "Stint scheduler", description: "When an agent runs, and how each run ended." }),
  ) {}

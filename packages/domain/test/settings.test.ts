/** What the settings of a goal and of a hire must be. */
import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition as marketing } from "../src/agents/marketing_healthcare/Definition.ts"
import { tradingDeltaFuturesDefinition as trading } from "../src/agents/trading_delta_futures/Definition.ts"
import type { AgentTypeDefinition, Frequency } from "../src/Definition.ts"
import { hireSettingsIssues } from "../src/Definition/HireSettingsFaults.ts"
import { parseHostList } from "../src/HostList.ts"
import { settingsIssues } from "../src/Definition/Validate.ts"

const lines = (issues: ReadonlyArray<{ readonly path: string; readonly message: string }>) =>
  issues.map(({ path, message }) => `${path} ${message}`)

describe("a goal's settings", () => {
  const weekly = "marketing.weekly_multichannel_batch.v1"
  const intent = "trading.trade_intent_draft.v1"
  const reminder = "trading.close_position_reminder.v1"
  const report = "trading.guardrail_report.v1"

  it.each<[AgentTypeDefinition, string, Frequency, unknown, ReadonlyArray<string>]>([
    [marketing, weekly, "weekly", {}, []],
    [marketing, weekly, "weekly", { topics: ["Sleep"], posts_per_platform: 2, schedule: { weekday: "friday" } }, []],
    [marketing, weekly, "daily", { schedule: { at: "07:30", timezone: "Asia/Kolkata", spread_seconds: 60 } }, []],
    [marketing, weekly, "on_demand", { schedule: { overlap: "skip" } }, []],
    [marketing, weekly, "weekly", { topics: "Sleep" }, ["$.settings.topics must be a list"]],
    [marketing, weekly, "weekly", { topic: "Sleep" }, [
      "$.settings.topic no such field; known fields: topics, posts_per_platform, schedule",
    ]],
    [marketing, weekly, "daily", { schedule: { weekday: "friday" } }, [
      "$.settings.schedule.weekday is for weekly goals; this one is daily",
    ]],
    [marketing, weekly, "on_demand", { schedule: { at: "10:00", cron: "* * * * *" } }, [
      "$.settings.schedule.at is for daily, weekly, monthly goals; this one is on_demand",
      "$.settings.schedule.cron is for cron goals; this one is on_demand",
    ]],
    [marketing, weekly, "cron", {}, [
      "$.settings.schedule.cron is required for a cron goal, five fields such as 0 9 * * 1-5",
    ]],
    [marketing, weekly, "cron", { schedule: { cron: "0 9 * * 1-5" } }, []],
    [trading, intent, "on_demand", { coin: "btc", side: "buy", units: -3 }, []],
    [trading, intent, "on_demand", { coin: "btc", side: "hold" }, [
      "$.settings.side must be one of: buy, sell",
      "$.settings.units is required",
    ]],
    [trading, reminder, "daily", { window_local_time: "24:00" }, [
      "$.settings.window_local_time must be a time of day HH:MM, 00:00 to 23:59",
    ]],
    [trading, report, "daily", { x: 1 }, ["$.settings.x no such field; known fields: schedule"]],
    [trading, "trading.nothing.v1", "daily", {}, [
      `$.goal_template_id must be a template of trading.delta_futures.v1: ${intent}, ${reminder}, ${report}`,
    ]],
  ])("%#", (definition, template, frequency, settings, expected) => {
    assert.deepStrictEqual(lines(settingsIssues(definition, template, frequency, settings)), expected)
  })

  it("names a cron rule that is none, or that never fires", () => {
    for (const cron of ["* * * *", "61 * * * *", "0 0 30 2 *"]) {
      const found = settingsIssues(marketing, weekly, "cron", { schedule: { cron } })
      assert.deepStrictEqual(found.map((issue) => issue.path), ["$.settings.schedule.cron"])
    }
  })

  it("names a wrong schedule under its path", () => {
    assert.deepStrictEqual(
      settingsIssues(marketing, weekly, "weekly", { schedule: { at: "9", weekday: "Friday", when: 1 } }).map((i) =>
        i.path
      )
        .sort(),
      ["$.settings.schedule.at", "$.settings.schedule.weekday", "$.settings.schedule.when"],
    )
  })
})

describe("a hire's settings", () => {
  const hosts = parseHostList("HOSTS", "hooks.example.com, 127.0.0.1:9000, [::1]:9001, acme=hooks.acme.example:443")
  const webhook = (url: string) => ({ execution: { target: "webhook", url, secret_ref: "hook" } })

  it.each<[unknown, ReadonlyArray<string>]>([
    [{}, []],
    [{ execution: {} }, []],
    [{ execution: { target: "journal" } }, []],
    [webhook("https://hooks.example.com/in?x=1"), []],
    [webhook("https://HOOKS.example.com:8443/in"), []],
    [webhook("http://127.0.0.1:9000/hook"), []],
    [webhook("http://[::1]:9001/hook"), []],
    [webhook("https://hooks.acme.example/in"), []],
    [webhook("HTTPS://Hooks.Acme.Example:443/in"), []],
    [webhook("http://hooks.acme.example/in"), [
      "$.settings.execution.url the host hooks.acme.example is not in STINT_WEBHOOK_HOSTS for you; ask the operator to add it",
    ]],
    [webhook("https://hooks.example.com./in"), [
      "$.settings.execution.url the host hooks.example.com. is not in STINT_WEBHOOK_HOSTS for you; ask the operator to add it",
    ]],
    [webhook("http://2130706433:9000/hook"), []],
    [webhook("http://127.0.0.1:9001/hook"), [
      "$.settings.execution.url the host 127.0.0.1:9001 is not in STINT_WEBHOOK_HOSTS for you; ask the operator to add it",
    ]],
    [webhook("http://127.0.0.1/hook"), [
      "$.settings.execution.url the host 127.0.0.1 is not in STINT_WEBHOOK_HOSTS for you; ask the operator to add it",
    ]],
    [webhook("https://hooks.example.com.evil.net/"), [
      "$.settings.execution.url the host hooks.example.com.evil.net is not in STINT_WEBHOOK_HOSTS for you; ask the operator to add it",
    ]],
    [webhook("https://hooks.example.com@evil.net/"), [
      "$.settings.execution.url must not hold a user name or a password",
    ]],
    [webhook("ftp://hooks.example.com/"), ["$.settings.execution.url must be an absolute http or https URL"]],
    [webhook("/in"), ["$.settings.execution.url must be an absolute http or https URL"]],
    [{ execution: { target: "webhook" } }, [
      "$.settings.execution.url is required for a webhook",
      "$.settings.execution.secret_ref is required for a webhook",
    ]],
    [{ execution: { url: "https://hooks.example.com/" } }, [
      "$.settings.execution.url is for a webhook; set target to webhook, or leave it out",
    ]],
    [{ execution: { target: "mail" } }, ["$.settings.execution.target must be one of: journal, webhook"]],
    [{ colour: 1 }, ["$.settings.colour no such setting; known settings: budget, execution"]],
    [[], ["$.settings must be an object"]],
  ])("%j", (settings, expected) => {
    assert.deepStrictEqual(lines(hireSettingsIssues(settings, hosts, "acme")), expected)
  })

  it("A1: allow no other customer's host", () => {
    assert.strictEqual(hireSettingsIssues(webhook("https://hooks.acme.example/in"), hosts, "globex").length, 1)
  })

  it("allow no webhook where no host is named", () => {
    assert.strictEqual(hireSettingsIssues(webhook("http://127.0.0.1:9000/"), [], "acme").length, 1)
  })
})

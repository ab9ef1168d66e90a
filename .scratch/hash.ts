import { canonicalJson, contentSha256 } from "@stint/domain/Canonical"
import { Effect, Layer, Schema } from "effect"
import { Digest } from "effect/crypto"
import { digestLayer, Sha256 } from "@stint/edge/Sha256"
import { denoSha256 } from "@stint/edge/Serve/DenoSha256"
import { DraftPayload } from "@stint/domain/Payload"
const payload = { type: "marketing_draft_batch_v1", draft_only: true, goal_template_id: "marketing.daily_micro_post.v1", goal_instance_id: "GOI-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11", intent_action: "publish", brand_name: "Smile", theme: "Flossing", variants: Array.from({ length: 3 }, (_, n) => ({ platform: ["youtube", "instagram", "facebook"][n], text: "A text of some length that says something about flossing. ".repeat(4), hashtags: ["#a", "#b"] })), suggested_schedule_local: ["09:00"] }
const run = async (name: string, layer: Layer.Layer<Digest.Digest>) => {
  const program = Effect.forEach(Array.from({ length: 20 }, () => payload), contentSha256).pipe(Effect.provide(layer))
  const all: number[] = []
  for (let i = 0; i < 60; i++) { const b = performance.now(); await Effect.runPromise(program); all.push((performance.now() - b) / 20 * 1000) }
  console.log(name.padEnd(20), all.toSorted((a, b) => a - b)[10]!.toFixed(1), "us an item (wall)")
}
for (let r = 0; r < 2; r++) {
  await run("web crypto", Digest.layerWebCrypto)
  await run("the runtime's", digestLayer.pipe(Layer.provide(Layer.succeed(Sha256, denoSha256))))
}
const t = (name: string, f: () => unknown) => { for (let i = 0; i < 500; i++) f(); let best = 1e9; for (let r = 0; r < 7; r++) { const b = performance.now(); for (let i = 0; i < 500; i++) f(); best = Math.min(best, (performance.now() - b) * 2) } console.log(name, best.toFixed(1)) }
t("canonical", () => canonicalJson(payload))
t("is draft", () => Schema.is(DraftPayload)(payload))
const is = Schema.is(DraftPayload), dec = Schema.decodeUnknownSync(DraftPayload)
t("is draft, kept", () => is(payload))
t("decode draft", () => dec(payload))

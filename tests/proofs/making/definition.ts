/** The agent type whose drafts a slow maker of a proof makes. */

/** Its definition, with the maker at that port of this machine. */
export const digestDefinitionOf = (port: number, timeout_seconds: number) => ({
  agent_type_id: "digest.proof.v1",
  version: "1.0.0",
  config_schema: { fields: [{ key: "name", label: "Name", type: "text", required: true }] },
  goal_templates: [{
    goal_template_id: "digest.proof",
    name: "Digest",
    default_frequency: "monthly",
    settings_schema: { fields: [] },
    skill_binding: "digest",
    maker: { kind: "http", url: `http://127.0.0.1:${port}/make`, timeout_seconds },
    output: { fields: [{ key: "summary", label: "Summary", type: "text", required: true }] },
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
})

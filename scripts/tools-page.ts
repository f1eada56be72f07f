/** docs/tools.md: the tools' arguments and results, from the schemas that check them. */
import { z } from "zod";
import { errorView } from "../src/text/views.ts";
import { TOOLS } from "../src/tools/catalog.ts";

/** The part of JSON Schema that our schemas come out as. */
const Schema = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
type Schema = z.infer<typeof Schema>;

const schemaOf = (type: z.ZodType, io: "input" | "output"): Schema => Schema.parse(z.toJSONSchema(type, { io }));

/** A schema in one line: `{name, id?, naa}[]`. */
function typeOf(node: unknown): string {
  const schema = Schema.parse(node ?? {});
  if (schema.enum !== undefined)
    return schema.enum.length > 20 ? "code" : schema.enum.map((one) => `"${one}"`).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") {
    const item = typeOf(schema.items);
    return /[, ]/.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
  }
  if (schema.properties !== undefined) {
    const members = Object.keys(schema.properties).map((name) => `${name}${isRequired(schema, name) ? "" : "?"}`);
    return `{${members.join(", ")}}`;
  }
  const range = schema.minimum === undefined || schema.minimum < 0 ? "" : ` ${schema.minimum}–${schema.maximum}`;
  return `${schema.type ?? "any"}${(schema.maximum ?? Infinity) < 100_000 ? range : ""}`;
}

const isRequired = (schema: Schema, name: string): boolean => schema.required?.includes(name) === true;

function table(schema: Schema, optional: string): string[] {
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0) return ["None."];
  return [
    "| name | | type | |",
    "| --- | --- | --- | --- |",
    ...members.map(([name, node]) => {
      const { description = "" } = Schema.parse(node);
      return `| \`${name}\` | ${isRequired(schema, name) ? "" : optional} | ${typeOf(node).replaceAll("|", "\\|")} | ${description.replaceAll("|", "\\|")} |`;
    }),
  ];
}

/** Results that several tools give are listed once, under the first one's heading. */
function resultOf(tool: (typeof TOOLS)[number], listed: Map<string, string>): string[] {
  const lines = table(schemaOf(tool.result.unwrap(), "output"), "may be absent");
  const key = lines.join("\n");
  const first = listed.get(key);
  if (first !== undefined) return [`Result: as of [\`${first}\`](#${first}).`];
  listed.set(key, tool.name);
  return ["Result:", "", ...lines];
}

export function toolsPage(): string {
  const listed = new Map<string, string>();
  return [
    "# The tools",
    "",
    "Made from the schemas that check every call and every result (`npm run docs`); a test compares. Each result comes as",
    "`structuredContent` and as a text that reads well in a chat. Tools of kind *plan* change nothing: what they answer",
    "is carried out by `confirm_plan` alone, after the operator's yes.",
    "",
    "A refusal has `isError` and `structuredContent.error`:",
    "",
    ...table(schemaOf(errorView, "output"), "may be absent"),
    ...TOOLS.flatMap((tool) => [
      "",
      `## ${tool.name}`,
      "",
      `*${tool.kind}*: ${tool.description}`,
      "",
      `Hints: ${Object.entries(tool.annotations)
        .map(([hint, value]) => `\`${hint}\` ${value}`)
        .join(", ")}.`,
      "",
      "Arguments:",
      "",
      ...table(schemaOf(tool.input, "input"), "optional"),
      "",
      ...resultOf(tool, listed),
    ]),
    "",
  ].join("\n");
}

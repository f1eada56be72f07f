/** docs/configuration.md: every key, from the schema that checks a configuration. */
import { z } from "zod";
import { configJsonSchema } from "../src/config/schema.ts";

/** The part of JSON Schema that the configuration comes out as. */
const Schema = z.looseObject({
  title: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  required: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
type Schema = z.infer<typeof Schema>;

const schemaOf = (node: unknown): Schema => Schema.parse(node ?? {});

function typeOf(node: unknown): string {
  const schema = schemaOf(node);
  if (schema.title === "secret" || schema.title === "trust") return `[${schema.title}](#${schema.title})`;
  if (schema.title !== undefined) return schema.title;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  if (schema.properties !== undefined) return `\`{${Object.keys(schema.properties).join(", ")}}\``;
  if (schema.type === "object") return "names and values";
  if (schema.type === "integer") return `${schema.minimum} to ${schema.maximum}`;
  return schema.type ?? "any";
}

function defaultOf(schema: Schema): string {
  const { default: value } = schema;
  if (value === undefined || typeof value === "object") return "";
  return `\`${String(value)}\``;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

const row = (key: string, node: unknown, required: boolean): string => {
  const schema = schemaOf(node);
  const fallback = required ? "**required**" : defaultOf(schema);
  return `| \`${key}\` | ${cell(typeOf(node))} | ${fallback} | ${cell(schema.description ?? "")} |`;
};

/** The members of an object, those of objects within it as `a.b`. */
function rows(schema: Schema, prefix = "", oneOf = false): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, node]) => {
    const inner = schemaOf(node);
    if (inner.properties !== undefined && inner.title === undefined) return rows(inner, `${prefix}${name}.`);
    return [row(`${prefix}${name}`, node, !oneOf && schema.required?.includes(name) === true)];
  });
}

const HEAD = ["| key | value | default | |", "| --- | --- | --- | --- |"];

function section(name: string, node: unknown, required: boolean): string[] {
  const schema = schemaOf(node);
  const lines = ["", `## ${name}`, "", `${schema.description ?? ""}${required ? " Required." : ""}`];
  // The schema of an array's members is as good as a section's own.
  const members = schema.type === "array" ? schemaOf(schema.items) : schema;
  const forms = schema.anyOf?.map(schemaOf).filter((form) => form.properties !== undefined) ?? [members];
  // A key that every form has is told once.
  const table = [...new Set(forms.flatMap((form) => rows(form, "", forms.length > 1)))];
  const choices = forms.flatMap(({ required = [] }) => required.map((key) => `\`${key}\``));
  const example = typeof schema.default === "object" && Object.keys(schema.default ?? {}).length > 0;
  return [
    ...lines,
    ...(table.length === 0 ? [] : ["", ...HEAD, ...table]),
    ...(forms.length > 1 ? ["", `Either ${choices.join(" or ")}.`] : []),
    ...(example ? ["", `Default: \`${JSON.stringify(schema.default)}\``] : []),
  ];
}

/** The forms of a type that many keys have, from the first key that has it. */
function forms(root: Schema, title: string): string[] {
  const search = (node: unknown): Schema | undefined => {
    const schema = schemaOf(node);
    if (schema.title === title) return schema;
    const inner = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])];
    return inner.map(search).find((found) => found !== undefined);
  };
  return (search({ properties: root.properties })?.anyOf ?? []).flatMap((form) => rows(schemaOf(form), "", true));
}

export function configPage(): string {
  const root = schemaOf(configJsonSchema());
  return [
    "# Configuration",
    "",
    "Made from the schema that checks a configuration (`npm run docs`); a test compares. `atvm_prep config schema` prints the",
    "same as JSON schema, for editors. `atvm_prep init` writes a file to start from, `atvm_prep doctor` checks one.",
    "",
    "The file is YAML. It is looked for at `--config FILE`, `$ATVM_CONFIG`, `./atvm.config.yaml`,",
    "`$XDG_CONFIG_HOME/atvm/config.yaml` and `/etc/atvm/config.yaml`; the first that is named or exists counts. A key that is",
    "not listed here is refused. Relative paths are relative to the file, `~/` is the home directory. A duration is a number",
    "with a unit: `500ms`, `20s`, `5m`, `1h`, a day at most.",
    ...Object.entries(root.properties ?? {}).flatMap(([name, node]) =>
      section(name, node, root.required?.includes(name) === true),
    ),
    "",
    "## secret",
    "",
    "Where a secret is, never the secret itself. It is read when it is used, and kept nowhere. A file may be named as",
    "`$CREDENTIALS_DIRECTORY/NAME`: that is where systemd puts what a unit's `LoadCredential=` lists.",
    "",
    ...HEAD,
    ...forms(root, "secret"),
    "",
    "One of these keys only.",
    "",
    "## trust",
    "",
    "How a server's certificate is judged. `atvm_prep doctor` shows what each system presents.",
    "",
    ...HEAD,
    ...forms(root, "trust"),
    "",
    "One of these keys only.",
    "",
  ].join("\n");
}

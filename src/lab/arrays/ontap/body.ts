/** Bodies: members may be nested or dotted (`{"svm.name": "a"}` is `{"svm": {"name": "a"}}`), and nothing unknown is taken. */
import * as z from "zod";
import { parseJson } from "../../http/json.ts";
import { badValue, OntapRefusal } from "./errors.ts";
import { isRow, type Row } from "./select.ts";

export function parseBody(text: string): Row {
  if (text.trim() === "") return {};
  const value = parseJson(text);
  if (value === undefined) throw new OntapRefusal(400, "262182", "Failed to parse the JSON body.");
  if (!isRow(value) || Array.isArray(value)) throw badValue("The body is no JSON object.");
  return nested(value);
}

function nested(value: unknown): Row {
  const result: Record<string, unknown> = {};
  if (!isRow(value)) return result;
  for (const [name, raw] of Object.entries(value)) {
    const member = isRow(raw) && !Array.isArray(raw) ? nested(raw) : raw;
    const [head = "", ...rest] = name.split(".");
    const inner = rest.length === 0 ? member : nested({ [rest.join(".")]: member });
    const before = result[head];
    result[head] = isRow(before) && isRow(inner) ? { ...before, ...inner } : inner;
  }
  return result;
}

const Text = z.string().min(1).max(1024);
const ByName = z.strictObject({ name: Text });
/** Either says which; both must mean the same. */
const Named = z.strictObject({ uuid: Text.optional(), name: Text.optional() });
export type Named = z.output<typeof Named>;

export const CloneBody = z.strictObject({
  svm: Named,
  name: Text,
  clone: z.strictObject({
    is_flexclone: z.literal(true),
    parent_volume: Named,
    parent_snapshot: Named.optional(),
    parent_svm: Named.optional(),
    type: z.string().optional(),
  }),
  type: z.enum(["rw", "dp"]).optional(),
});

export const VolumeChange = z.strictObject({
  snapshot_policy: ByName.optional(),
  comment: z.string().max(1023).optional(),
  state: z.enum(["online", "offline"]).optional(),
  name: Text.optional(),
});
export const RestoreBody = z.strictObject({ restore_to: z.strictObject({ snapshot: Named }).optional() });
export const SnapshotBody = z.strictObject({ name: Text, comment: z.string().optional(), svm: Named.optional() });
export const MapBody = z.strictObject({
  svm: Named,
  lun: Named,
  igroup: Named,
  logical_unit_number: z.coerce.number().int().min(0).max(4095).optional(),
});
const Initiator = z.looseObject({ name: Text });
export const IgroupBody = z.strictObject({
  svm: Named,
  name: Text,
  os_type: Text,
  protocol: Text.optional(),
  initiators: z.array(Initiator).optional(),
  igroups: z.array(Named).optional(),
  comment: z.string().optional(),
});
export const IgroupChange = z.strictObject({ name: Text.optional(), os_type: Text.optional() });
export const InitiatorsBody = z.union([
  z.strictObject({ records: z.array(Initiator) }).transform(({ records }) => records.map(({ name }) => name)),
  Initiator.transform(({ name }) => [name]),
]);

export function read<S extends z.ZodType>(schema: S, body: Row): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const target = issue?.path.join(".");
  throw badValue(`Invalid value${target ? ` for "${target}"` : ""}: ${issue?.message ?? "unusable body"}`, target);
}

/** `atvm_prep lab`: the simulated array and vCenter as a process of its own. */
import { resolve } from "node:path";
import * as z from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import { nearest } from "../../core/request/request.ts";
import { LAB_ARRAYS } from "../../lab/arrays/kinds.ts";
import { startLab } from "../../lab/start.ts";
import { LIMITS, SCENARIOS } from "../../lab/world/scenarios.ts";
import { optionName } from "../args/flags.ts";
import type { Context } from "../context.ts";
import { interruption, printOut } from "../terminal/io.ts";

const number = (most: number, least = 0) => z.coerce.number().int().min(least).max(most).optional();

const labFlags = z.object({
  scenario: z.enum(SCENARIOS).optional(),
  vms: number(LIMITS.vms),
  running: number(LIMITS.vms),
  clients: number(LIMITS.clients.most, LIMITS.clients.least),
  dgsPort: number(65_535),
  vcenterPort: number(65_535),
  latency: z.string().optional(),
  lag: z.string().optional(),
  writeConfig: z.string().min(1).optional(),
  array: z.enum(LAB_ARRAYS).optional(),
});

/** Prints its addresses and passwords as one JSON line once it is ready; stays until SIGINT or SIGTERM. */
export async function lab(options: unknown, { io }: Context): Promise<number> {
  const { writeConfig, ...flags } = check(options);
  const present = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const running = await startLab({
    ...present,
    ...(writeConfig === undefined ? {} : { writeConfig: resolve(io.cwd, writeConfig) }),
  }).catch((thrown: unknown) => {
    throw cannotStart(thrown);
  });
  const stopped = interruption(io);
  printOut(io, JSON.stringify(running.info));
  await stopped;
  await running.close();
  return 0;
}

function check(options: unknown): z.infer<typeof labFlags> {
  const parsed = labFlags.safeParse(options);
  if (parsed.success) return parsed.data;
  const [member] = parsed.error.issues[0]?.path ?? [];
  if (member === "scenario") {
    const { scenario } = z.object({ scenario: z.string() }).parse(options);
    throw new PrepError("BAD_REQUEST", "There is no such scenario.", {
      found: { nearest: nearest(scenario, SCENARIOS) },
      hint: `The scenarios are ${SCENARIOS.join(", ")}.`,
    });
  }
  throw new PrepError("BAD_REQUEST", `Option ${optionName(String(member))} has an invalid value.`, {
    hint: member === "array" ? `The arrays are ${LAB_ARRAYS.join(", ")}.` : "See `atvm_prep lab --help`.",
  });
}

function cannotStart(thrown: unknown): unknown {
  if (thrown instanceof RangeError) {
    return new PrepError("BAD_REQUEST", thrown.message, { hint: "See `atvm_prep lab --help`.", cause: thrown });
  }
  if (thrown instanceof Error && "code" in thrown && (thrown.code === "EADDRINUSE" || thrown.code === "EACCES")) {
    return new PrepError("BAD_REQUEST", "A port that was asked for cannot be used.", {
      found: { code: thrown.code },
      hint: "Choose a different one, or leave the flag out for a free one.",
      cause: thrown,
    });
  }
  return thrown;
}

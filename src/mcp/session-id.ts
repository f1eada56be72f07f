/**
 * The id of an older client's session: a random part, whose it is, and what its client initialized with. It proves
 * nothing: each request brings its token, and whoever forged an id could as well have initialized with what stands in it.
 */
import { createHash, randomUUID } from "node:crypto";
import { readRequestBody } from "@modelcontextprotocol/server";
import * as z from "zod";

const initializeParams = z.object({
  protocolVersion: z.string(),
  capabilities: z.looseObject({}),
  clientInfo: z.object({ name: z.string(), version: z.string() }),
});
export type Initialize = z.output<typeof initializeParams>;

const initializeMessage = z.object({ method: z.literal("initialize"), params: initializeParams });

/** A header has to hold it. A client that says more of itself than fits has a session that ends with its server. */
const LONGEST = 2_000;

const ownedBy = (owner: string): string => createHash("sha256").update(owner).digest("base64url").slice(0, 16);

/** What the request initializes with, if it does. The request can still be read. */
export async function initializeIn(request: Request, maxBytes: number): Promise<Initialize | undefined> {
  if (request.method !== "POST") return undefined;
  const body = await readRequestBody(request.clone(), maxBytes).catch(() => undefined);
  if (body === undefined || body.tooLarge) return undefined;
  return parsed(initializeMessage, body.text)?.params;
}

export function newSessionId(owner: string, initialize: Initialize | undefined): string {
  const bare = `${randomUUID()}.${ownedBy(owner)}`;
  const whole = `${bare}.${Buffer.from(JSON.stringify(initialize ?? null)).toString("base64url")}`;
  return initialize === undefined || whole.length > LONGEST ? bare : whole;
}

/** What the session of this owner was initialized with; undefined for an id of another, or none of ours. */
export function readSessionId(id: string, owner: string): Initialize | undefined {
  const [, whose, said] = id.split(".");
  if (id.length > LONGEST || whose !== ownedBy(owner) || said === undefined) return undefined;
  return parsed(initializeParams, Buffer.from(said, "base64url").toString("utf8"));
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
